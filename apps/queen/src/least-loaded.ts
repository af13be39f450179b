import type { Worker } from "./worker.ts";

/** A worker in the index, with its places there. */
export interface Candidate {
  readonly hiveId: string;
  worker: Worker;
  /** Busy workers on the same hive. */
  readonly load: { readonly busyWorkers: number };
  /** Its position in each list of the index. */
  readonly places: number[];
  /** Position in the heap; -1 while it is in none. */
  position: number;
}

/** Whether `a` is less loaded than `b`: GPU first, then CPU, then its busy neighbours; ids decide between equals. */
function isLess(a: Candidate, b: Candidate): boolean {
  const difference =
    (a.worker.gpuPercent ?? 0) - (b.worker.gpuPercent ?? 0) ||
    (a.worker.cpuPercent ?? 0) - (b.worker.cpuPercent ?? 0) ||
    a.load.busyWorkers - b.load.busyWorkers;
  if (difference !== 0) return difference < 0;
  if (a.worker.workerId !== b.worker.workerId) return a.worker.workerId < b.worker.workerId;
  return a.hiveId < b.hiveId;
}

/** A binary heap of candidates, least loaded first, in which each knows its position: any one moves or leaves in O(log n). */
export class LeastLoaded {
  readonly #heap: Candidate[] = [];

  get size(): number {
    return this.#heap.length;
  }

  add(candidate: Candidate): void {
    candidate.position = this.#heap.length;
    this.#heap.push(candidate);
    this.#rise(candidate);
  }

  remove(candidate: Candidate): void {
    const { position } = candidate;
    const last = this.#heap.pop();
    candidate.position = -1;
    if (last === undefined || last === candidate) return;
    this.#put(last, position);
    this.moved(last);
  }

  /** Restores the order after the load of `candidate` changed. */
  moved(candidate: Candidate): void {
    this.#rise(candidate);
    this.#sink(candidate);
  }

  /** The least loaded one that `accepts` takes. */
  best(accepts: (candidate: Candidate) => boolean): Candidate | undefined {
    const refused: Candidate[] = [];
    let first = this.#heap[0];
    while (first !== undefined && !accepts(first)) {
      this.remove(first);
      refused.push(first);
      first = this.#heap[0];
    }
    for (const candidate of refused) this.add(candidate);
    return first;
  }

  #put(candidate: Candidate, position: number): void {
    this.#heap[position] = candidate;
    candidate.position = position;
  }

  #rise(candidate: Candidate): void {
    for (;;) {
      const { position } = candidate;
      const parent = this.#heap[(position - 1) >> 1];
      if (position === 0 || parent === undefined || !isLess(candidate, parent)) return;
      this.#put(candidate, parent.position);
      this.#put(parent, position);
    }
  }

  #sink(candidate: Candidate): void {
    for (;;) {
      const { position } = candidate;
      const left = this.#heap[2 * position + 1];
      const right = this.#heap[2 * position + 2];
      const child = left && right && isLess(right, left) ? right : left;
      if (child === undefined || !isLess(child, candidate)) return;
      this.#put(candidate, child.position);
      this.#put(child, position);
    }
  }
}
