import type { Clock } from "../../process/clock.ts";
import type { Heartbeat } from "./heartbeat.ts";
import type { Worker, WorkerState } from "./worker.ts";

/** What a hive said in its last heartbeat. */
export interface HiveState {
  readonly workers: readonly Worker[];
  /** How far the clock of the hive runs ahead of the queen's, in milliseconds; the way of the heartbeat included. null when it did not say. */
  readonly skewMs: number | null;
  /** Time since the heartbeat was taken. */
  readonly ageMs: number;
  /** Whether that heartbeat is still fresh. */
  readonly live: boolean;
}

/** A worker and where it runs. */
export interface PlacedWorker {
  readonly hiveId: string;
  readonly worker: Worker;
}

/** Which workers are asked for; what is left out is not compared. */
export interface WorkerFilter {
  model?: string | undefined;
  state?: WorkerState | undefined;
  backend?: string | undefined;
}

interface Hive {
  readonly id: string;
  readonly byModel: Map<string | null, Serving>;
  workers: readonly Worker[];
  busyWorkers: number;
  skewMs: number | null;
  receivedAtMs: number;
  takesWorkFromMs: number;
  cordonedUntilMs: number;
}

/** The workers of one hive for one model. */
interface Serving {
  readonly hive: Hive;
  readonly workers: Worker[];
  /** The least loaded of those that are idle and healthy. */
  best: Candidate | undefined;
}

interface Candidate {
  readonly hive: Hive;
  readonly worker: Worker;
}

interface RegistryOptions {
  clock: Clock;
  staleAfterMs: number;
  /** From when on new work may go to that hive, by the monotonic clock; Infinity for as long as nobody says otherwise. */
  takesWorkFromMs: (hiveId: string) => number;
  /** Until when no work may go to it all the same, by the wall clock; Infinity for as long as nobody says otherwise. */
  cordonedUntilMs: (hiveId: string) => number;
}

/**
 * What is only true now: the workers of each hive, from its last heartbeat. In memory; heartbeats fill it again after a restart.
 * A hive is live while its last heartbeat is younger than `staleAfterMs` by the monotonic clock. `reconsider` is to be called for a hive
 * of which `takesWorkFromMs` or `cordonedUntilMs` says something else than before.
 */
export class HiveRegistry {
  readonly #options: RegistryOptions;
  readonly #hives = new Map<string, Hive>();
  /** Of all hives, live or not: a query looks at each one that serves the model. */
  readonly #byModel = new Map<string | null, Set<Serving>>();

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  /** Replaces what is known of a hive by its newest heartbeat, received now. */
  update({ hiveId, workers }: Heartbeat, skewMs: number | null): void {
    const hive = this.#hives.get(hiveId) ?? this.#add(hiveId);
    hive.skewMs = skewMs;
    hive.receivedAtMs = this.#options.clock.monotonicNow();
    this.#setWorkers(hive, workers);
  }

  get(hiveId: string): HiveState | undefined {
    const hive = this.#hives.get(hiveId);
    if (hive === undefined) return undefined;
    const { workers, skewMs, receivedAtMs } = hive;
    const nowMs = this.#options.clock.monotonicNow();
    return { workers, skewMs, ageMs: nowMs - receivedAtMs, live: this.#isLive(hive, nowMs) };
  }

  /** Forgets a hive. */
  remove(hiveId: string): void {
    const hive = this.#hives.get(hiveId);
    if (hive !== undefined) this.#setWorkers(hive, []);
    this.#hives.delete(hiveId);
  }

  /** Finds out anew when a hive takes work. */
  reconsider(hiveId: string): void {
    const hive = this.#hives.get(hiveId);
    if (hive === undefined) return;
    hive.takesWorkFromMs = this.#options.takesWorkFromMs(hiveId);
    hive.cordonedUntilMs = this.#options.cordonedUntilMs(hiveId);
  }

  /** The workers of live hives that match every field of `filter`. */
  workers({ model, state, backend }: WorkerFilter = {}): PlacedWorker[] {
    const nowMs = this.#options.clock.monotonicNow();
    const models = model === undefined ? this.#byModel.values() : [this.#byModel.get(model) ?? []];
    const found: PlacedWorker[] = [];
    for (const servings of models) {
      for (const { hive, workers } of servings) {
        if (!this.#isLive(hive, nowMs)) continue;
        for (const worker of workers) {
          if (state !== undefined && worker.state !== state) continue;
          if (backend === undefined || worker.backend === backend) found.push({ hiveId: hive.id, worker });
        }
      }
    }
    return found;
  }

  /**
   * The worker to give work for `model` to: idle, health "healthy", on a live hive that takes work, least loaded. Least loaded means the lowest
   * GPU percentage, then the lowest CPU percentage (unknown counts as 0), then the fewest busy workers on its hive, then the first id.
   */
  bestWorker(model: string): PlacedWorker | undefined {
    const { clock } = this.#options;
    const nowMs = clock.monotonicNow();
    const wallNowMs = clock.now();
    let found: Candidate | undefined;
    for (const { hive, best } of this.#byModel.get(model) ?? []) {
      const takesWork = hive.takesWorkFromMs <= nowMs && hive.cordonedUntilMs <= wallNowMs;
      if (best && takesWork && this.#isLive(hive, nowMs) && isLessLoaded(best, found)) found = best;
    }
    return found && { hiveId: found.hive.id, worker: found.worker };
  }

  #add(id: string): Hive {
    const hive: Hive = {
      id,
      byModel: new Map(),
      workers: [],
      busyWorkers: 0,
      skewMs: 0,
      receivedAtMs: 0,
      takesWorkFromMs: 0,
      cordonedUntilMs: 0,
    };
    this.#hives.set(id, hive);
    this.reconsider(id);
    return hive;
  }

  /** What stays is kept: most beats only bring other numbers of the same workers. */
  #setWorkers(hive: Hive, workers: readonly Worker[]): void {
    hive.workers = workers;
    hive.busyWorkers = workers.filter(({ state }) => state === "Busy").length;
    for (const serving of hive.byModel.values()) {
      serving.workers.length = 0;
      serving.best = undefined;
    }
    for (const worker of workers) {
      const serving = hive.byModel.get(worker.modelId) ?? this.#serve(hive, worker.modelId);
      const candidate = { hive, worker };
      serving.workers.push(worker);
      if (isIdle(worker) && isLessLoaded(candidate, serving.best)) serving.best = candidate;
    }
    for (const [model, { workers }] of hive.byModel) if (workers.length === 0) this.#serveNoMore(hive, model);
  }

  #serve(hive: Hive, model: string | null): Serving {
    const serving = { hive, workers: [], best: undefined };
    hive.byModel.set(model, serving);
    this.#byModel.set(model, (this.#byModel.get(model) ?? new Set()).add(serving));
    return serving;
  }

  #serveNoMore(hive: Hive, model: string | null): void {
    const serving = hive.byModel.get(model);
    const servings = this.#byModel.get(model);
    hive.byModel.delete(model);
    if (serving !== undefined) servings?.delete(serving);
    if (servings?.size === 0) this.#byModel.delete(model);
  }

  #isLive({ receivedAtMs }: Hive, nowMs: number): boolean {
    return nowMs - receivedAtMs < this.#options.staleAfterMs;
  }
}

const isIdle = ({ state, healthStatus }: Worker): boolean =>
  state === "Idle" && healthStatus.toLowerCase() === "healthy";

/** Whether `a` is less loaded than `b`: GPU first, then CPU, then its busy neighbours; ids decide between equals. */
function isLessLoaded(a: Candidate, b: Candidate | undefined): boolean {
  if (b === undefined) return true;
  const difference =
    (a.worker.gpuPercent ?? 0) - (b.worker.gpuPercent ?? 0) ||
    (a.worker.cpuPercent ?? 0) - (b.worker.cpuPercent ?? 0) ||
    a.hive.busyWorkers - b.hive.busyWorkers;
  if (difference !== 0) return difference < 0;
  if (a.worker.workerId !== b.worker.workerId) return a.worker.workerId < b.worker.workerId;
  return a.hive.id < b.hive.id;
}
