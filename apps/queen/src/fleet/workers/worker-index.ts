import { Heap, type HeapItem } from "./heap.ts";
import type { Worker, WorkerState } from "./worker.ts";

/** A worker in the index, with its places there; its position is the one among the idle workers for its model. */
export interface Candidate extends HeapItem {
  readonly hiveId: string;
  worker: Worker;
  /** Busy workers on the same hive. */
  readonly load: { readonly busyWorkers: number };
  /** Its position in each list of the index. */
  readonly places: number[];
}

/** Which workers are asked for; what is left out is not compared. */
export interface WorkerFilter {
  model?: string | undefined;
  state?: WorkerState | undefined;
  backend?: string | undefined;
}

/** A list from which any worker leaves in O(1), and which is copied as fast as an array: order does not matter. */
class Bag {
  readonly items: Candidate[] = [];
  readonly #slot: number;

  constructor(slot: number) {
    this.#slot = slot;
  }

  add(candidate: Candidate): void {
    candidate.places[this.#slot] = this.items.length;
    this.items.push(candidate);
  }

  remove(candidate: Candidate): void {
    const place = candidate.places[this.#slot];
    const last = this.items.pop();
    if (place === undefined || last === undefined || last === candidate) return;
    this.items[place] = last;
    last.places[this.#slot] = place;
  }
}

/** The bags of one criterion, by its value; none is empty. */
class Bags {
  readonly #bags = new Map<string, Bag>();
  readonly #slot: number;

  constructor(slot: number) {
    this.#slot = slot;
  }

  /** All with `value`; undefined when every value will do. */
  itemsOf(value: string | undefined): readonly Candidate[] | undefined {
    return value === undefined ? undefined : (this.#bags.get(value)?.items ?? []);
  }

  add(value: string | null, candidate: Candidate): void {
    if (value === null) return;
    let bag = this.#bags.get(value);
    if (bag === undefined) {
      bag = new Bag(this.#slot);
      this.#bags.set(value, bag);
    }
    bag.add(candidate);
  }

  remove(value: string | null, candidate: Candidate): void {
    const bag = value === null ? undefined : this.#bags.get(value);
    if (value === null || bag === undefined) return;
    bag.remove(candidate);
    if (bag.items.length === 0) this.#bags.delete(value);
  }
}

/** No state has a space in its name, so that the key is unambiguous. */
const modelAndState = (model: string, state: WorkerState): string => `${state} ${model}`;

/** Finds workers by model, state or backend, and the least loaded one for a model, without looking at the others. */
export class WorkerIndex {
  readonly #all = new Bag(0);
  readonly #byModel = new Bags(1);
  readonly #byState = new Bags(2);
  readonly #byBackend = new Bags(3);
  readonly #byModelAndState = new Bags(4);
  readonly #idleByModel = new Map<string, Heap<Candidate>>();

  /** Work is given to it only once it is offered. */
  add(candidate: Candidate): void {
    const { modelId, state, backend } = candidate.worker;
    this.#all.add(candidate);
    this.#byModel.add(modelId, candidate);
    this.#byState.add(state, candidate);
    this.#byBackend.add(backend, candidate);
    this.#byModelAndState.add(modelId === null ? null : modelAndState(modelId, state), candidate);
  }

  remove(candidate: Candidate): void {
    const { modelId, state, backend } = candidate.worker;
    this.#all.remove(candidate);
    this.#byModel.remove(modelId, candidate);
    this.#byState.remove(state, candidate);
    this.#byBackend.remove(backend, candidate);
    this.#byModelAndState.remove(modelId === null ? null : modelAndState(modelId, state), candidate);
    this.withdraw(candidate);
  }

  /** Lets work be given to a candidate that is in the index, while it is idle. */
  offer(candidate: Candidate): void {
    const { modelId } = candidate.worker;
    if (modelId === null || !isIdle(candidate)) return;
    let idle = this.#idleByModel.get(modelId);
    if (idle === undefined) {
      idle = new Heap(isLessLoaded);
      this.#idleByModel.set(modelId, idle);
    }
    idle.add(candidate);
  }

  /** Takes back what `offer` did. */
  withdraw(candidate: Candidate): void {
    const { modelId } = candidate.worker;
    const idle = modelId === null ? undefined : this.#idleByModel.get(modelId);
    if (modelId === null || idle === undefined || candidate.position === -1) return;
    idle.remove(candidate);
    if (idle.size === 0) this.#idleByModel.delete(modelId);
  }

  /** Restores the order after the load of `candidate`, and nothing by which it is found, changed. */
  moved(candidate: Candidate): void {
    const { modelId } = candidate.worker;
    if (modelId !== null && candidate.position !== -1) this.#idleByModel.get(modelId)?.moved(candidate);
  }

  /** In no particular order. */
  find({ model, state, backend }: WorkerFilter): Candidate[] {
    const placed = this.#byModelOrState(model, state);
    const backed = this.#byBackend.itemsOf(backend);
    if (placed === undefined || backed === undefined) return (placed ?? backed ?? this.#all.items).slice();
    if (placed.length <= backed.length) return placed.filter(({ worker }) => worker.backend === backend);
    return backed.filter(
      ({ worker }) =>
        (model === undefined || worker.modelId === model) && (state === undefined || worker.state === state),
    );
  }

  /** The least loaded idle and healthy worker for `model` of those that are offered. */
  best(model: string): Candidate | undefined {
    return this.#idleByModel.get(model)?.first;
  }

  #byModelOrState(model: string | undefined, state: WorkerState | undefined): readonly Candidate[] | undefined {
    if (model === undefined) return this.#byState.itemsOf(state);
    if (state === undefined) return this.#byModel.itemsOf(model);
    return this.#byModelAndState.itemsOf(modelAndState(model, state));
  }
}

const isIdle = ({ worker }: Candidate): boolean =>
  worker.state === "Idle" && worker.healthStatus.toLowerCase() === "healthy";

/** Whether `a` is less loaded than `b`: GPU first, then CPU, then its busy neighbours; ids decide between equals. */
function isLessLoaded(a: Candidate, b: Candidate): boolean {
  const difference =
    (a.worker.gpuPercent ?? 0) - (b.worker.gpuPercent ?? 0) ||
    (a.worker.cpuPercent ?? 0) - (b.worker.cpuPercent ?? 0) ||
    a.load.busyWorkers - b.load.busyWorkers;
  if (difference !== 0) return difference < 0;
  if (a.worker.workerId !== b.worker.workerId) return a.worker.workerId < b.worker.workerId;
  return a.hiveId < b.hiveId;
}
