import type { DeviceCapabilities } from "@repo/device-types";
import type { Clock } from "./clock.ts";
import type { Candidate } from "./least-loaded.ts";
import { type HiveUsage, usageOf } from "./usage.ts";
import type { Worker } from "./worker.ts";
import { type WorkerFilter, WorkerIndex } from "./worker-index.ts";

/** What a hive said in its last heartbeat. */
export interface HiveState {
  readonly hiveId: string;
  readonly workers: readonly Worker[];
  /** How far the clock of the hive runs ahead of the queen's, in milliseconds; the way of the heartbeat included. */
  readonly skewMs: number;
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

interface Entry {
  readonly hiveId: string;
  readonly load: { busyWorkers: number };
  candidates: Candidate[];
  skewMs: number;
  receivedAtMs: number;
}

interface RegistryOptions {
  clock: Clock;
  staleAfterMs: number;
  /** Whether new work may go to that hive. */
  takesWork: (hiveId: string) => boolean;
}

/**
 * What is only true now: the workers of each hive, from its last heartbeat. In memory; heartbeats fill it again after a restart.
 * A hive is live while its last heartbeat is younger than `staleAfterMs` by the monotonic clock.
 */
export class HiveRegistry {
  readonly #clock: Clock;
  readonly #staleAfterMs: number;
  readonly #takesWork: (hiveId: string) => boolean;
  readonly #entries = new Map<string, Entry>();
  /** The oldest heartbeat first, so that the stale ones are found at the front. Only these are in the index. */
  readonly #live = new Map<string, Entry>();
  readonly #index = new WorkerIndex();

  constructor({ clock, staleAfterMs, takesWork }: RegistryOptions) {
    this.#clock = clock;
    this.#staleAfterMs = staleAfterMs;
    this.#takesWork = takesWork;
  }

  /** Replaces what is known of a hive by its newest heartbeat, received now. */
  update(hiveId: string, workers: readonly Worker[], skewMs: number): void {
    let entry = this.#entries.get(hiveId);
    if (entry === undefined) {
      entry = { hiveId, load: { busyWorkers: 0 }, candidates: [], skewMs, receivedAtMs: 0 };
      this.#entries.set(hiveId, entry);
    }
    entry.skewMs = skewMs;
    entry.receivedAtMs = this.#clock.monotonicNow();
    this.#placeWorkers(entry, workers);
    this.#live.delete(hiveId);
    this.#live.set(hiveId, entry);
  }

  get(hiveId: string): HiveState | undefined {
    const entry = this.#entries.get(hiveId);
    return entry && this.#stateOf(entry);
  }

  /** The live hives; those whose heartbeat is stale too with `includeStale`. */
  list({ includeStale = false } = {}): HiveState[] {
    this.#expire();
    return [...(includeStale ? this.#entries : this.#live).values()].map((entry) => this.#stateOf(entry));
  }

  /** Forgets a hive. Returns whether it was known. */
  remove(hiveId: string): boolean {
    const entry = this.#entries.get(hiveId);
    if (entry === undefined) return false;
    this.#retire(entry);
    return this.#entries.delete(hiveId);
  }

  /** The workers of live hives that match every field of `filter`. */
  workers(filter: WorkerFilter = {}): PlacedWorker[] {
    this.#expire();
    return this.#index.find(filter);
  }

  /**
   * The worker to give work for `model` to: idle, health "healthy", on a live hive that takes work, least loaded. Least loaded means the lowest
   * GPU percentage, then the lowest CPU percentage (unknown counts as 0), then the fewest busy workers on its hive, then the first id.
   */
  bestWorker(model: string): PlacedWorker | undefined {
    this.#expire();
    return this.#index.best(model, ({ hiveId }) => this.#takesWork(hiveId));
  }

  /** What the workers of a hive, as last heard, leave of `devices`. */
  usage(hiveId: string, devices: DeviceCapabilities | null): HiveUsage {
    return usageOf(this.get(hiveId)?.workers ?? [], devices);
  }

  #stateOf({ hiveId, candidates, skewMs, receivedAtMs }: Entry): HiveState {
    const ageMs = this.#clock.monotonicNow() - receivedAtMs;
    return { hiveId, workers: candidates.map(({ worker }) => worker), skewMs, ageMs, live: ageMs < this.#staleAfterMs };
  }

  #placeWorkers(entry: Entry, workers: readonly Worker[]): void {
    const inIndex = this.#live.has(entry.hiveId);
    if (inIndex && keepPlaces(entry.candidates, workers)) {
      this.#renew(entry, workers);
      return;
    }
    if (inIndex) this.#retire(entry);
    entry.load.busyWorkers = countBusy(workers);
    entry.candidates = workers.map((worker) => ({
      hiveId: entry.hiveId,
      worker,
      load: entry.load,
      places: [],
      position: -1,
    }));
    for (const candidate of entry.candidates) this.#index.add(candidate);
  }

  /** The common beat: the same workers in the same states, only their numbers have changed. */
  #renew({ candidates }: Entry, workers: readonly Worker[]): void {
    candidates.forEach((candidate, position) => {
      candidate.worker = workers[position] ?? candidate.worker;
      this.#index.moved(candidate);
    });
  }

  #retire(entry: Entry): void {
    if (!this.#live.delete(entry.hiveId)) return;
    for (const candidate of entry.candidates) this.#index.remove(candidate);
  }

  #expire(): void {
    const nowMs = this.#clock.monotonicNow();
    for (const entry of this.#live.values()) {
      if (nowMs - entry.receivedAtMs < this.#staleAfterMs) return;
      this.#retire(entry);
    }
  }
}

const countBusy = (workers: readonly Worker[]): number => workers.filter(({ state }) => state === "Busy").length;

/** Whether each worker stays where the index has it. States are equal then, and so is the number of busy ones. */
function keepPlaces(candidates: readonly Candidate[], workers: readonly Worker[]): boolean {
  return (
    candidates.length === workers.length &&
    candidates.every(({ worker }, position) => {
      const next = workers[position];
      return (
        next !== undefined &&
        next.workerId === worker.workerId &&
        next.modelId === worker.modelId &&
        next.state === worker.state &&
        next.backend === worker.backend &&
        next.healthStatus === worker.healthStatus
      );
    })
  );
}
