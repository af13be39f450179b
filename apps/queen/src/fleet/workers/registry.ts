import type { DeviceCapabilities } from "@repo/device-types";
import type { Clock } from "../../process/clock.ts";
import { Heap, type HeapItem } from "./heap.ts";
import { type HiveUsage, usageOf } from "./usage.ts";
import type { Worker } from "./worker.ts";
import { type Candidate, type WorkerFilter, WorkerIndex } from "./worker-index.ts";

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

/** Its position is the one among the hives that wait for a time, while it is one of them. */
interface Entry extends HeapItem {
  readonly hiveId: string;
  readonly load: { busyWorkers: number };
  candidates: Candidate[];
  skewMs: number;
  receivedAtMs: number;
  /** Whether its workers are offered, once they are in the index. */
  takesWork: boolean;
  /** When it is to be considered anew, and where it waits for that. */
  waitsUntilMs: number;
  waitsIn: Heap<Entry> | undefined;
}

interface RegistryOptions {
  clock: Clock;
  staleAfterMs: number;
  /** From when on new work may go to that hive, by the monotonic clock; Infinity for as long as nobody says otherwise. */
  takesWorkFromMs: (hiveId: string) => number;
  /** Until when no work may go to it all the same, by the wall clock; Infinity for as long as nobody says otherwise. */
  cordonedUntilMs: (hiveId: string) => number;
}

/** When the cordons of thousands of hives end at one moment, the queries that follow let them in by and by. */
const MAX_ENDS_AT_ONCE = 16;

const isEarlier = (a: Entry, b: Entry): boolean => a.waitsUntilMs < b.waitsUntilMs;

/**
 * What is only true now: the workers of each hive, from its last heartbeat. In memory; heartbeats fill it again after a restart.
 * A hive is live while its last heartbeat is younger than `staleAfterMs` by the monotonic clock. `reconsider` is to be called for a hive
 * of which `takesWorkFromMs` or `cordonedUntilMs` says something else than before.
 */
export class HiveRegistry {
  readonly #clock: Clock;
  readonly #staleAfterMs: number;
  readonly #takesWorkFromMs: (hiveId: string) => number;
  readonly #cordonedUntilMs: (hiveId: string) => number;
  readonly #entries = new Map<string, Entry>();
  /** The oldest heartbeat first, so that the stale ones are found at the front. Only these are in the index. */
  readonly #live = new Map<string, Entry>();
  readonly #index = new WorkerIndex();
  /** The hives that take no work before a time of the monotonic clock, and those whose cordon ends at one of the wall clock. */
  readonly #notYet = new Heap(isEarlier);
  readonly #cordoned = new Heap(isEarlier);

  constructor({ clock, staleAfterMs, takesWorkFromMs, cordonedUntilMs }: RegistryOptions) {
    this.#clock = clock;
    this.#staleAfterMs = staleAfterMs;
    this.#takesWorkFromMs = takesWorkFromMs;
    this.#cordonedUntilMs = cordonedUntilMs;
  }

  /** Replaces what is known of a hive by its newest heartbeat, received now. */
  update(hiveId: string, workers: readonly Worker[], skewMs: number): void {
    let entry = this.#entries.get(hiveId);
    if (entry === undefined) {
      entry = newEntry(hiveId);
      this.#entries.set(hiveId, entry);
      this.#consider(entry);
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

  /** Forgets a hive. */
  remove(hiveId: string): void {
    const entry = this.#entries.get(hiveId);
    if (entry === undefined) return;
    this.#retire(entry);
    this.#endWait(entry);
    this.#entries.delete(hiveId);
  }

  /** Finds out anew whether a hive takes work. */
  reconsider(hiveId: string): void {
    const entry = this.#entries.get(hiveId);
    if (entry !== undefined) this.#consider(entry);
  }

  /** Lets `limit` hives at most take work again whose time has come, and returns whether there are more. */
  endWaits(limit: number): boolean {
    let due = this.#due();
    for (let count = 0; due !== undefined && count < limit; count++, due = this.#due()) this.#consider(due);
    return due !== undefined;
  }

  /** Lets go of `limit` hives at most whose heartbeat is stale, and returns whether there may be more: best done before somebody asks. */
  expire(limit = Number.POSITIVE_INFINITY): boolean {
    const nowMs = this.#clock.monotonicNow();
    let count = 0;
    for (const entry of this.#live.values()) {
      if (!this.#isStale(entry, nowMs)) return false;
      if (count === limit) return true;
      this.#retire(entry);
      count += 1;
    }
    return false;
  }

  /** The workers of live hives that match every field of `filter`. */
  workers(filter: WorkerFilter = {}): PlacedWorker[] {
    this.expire();
    return this.#index.find(filter);
  }

  /**
   * The worker to give work for `model` to: idle, health "healthy", on a live hive that takes work, least loaded. Least loaded means the lowest
   * GPU percentage, then the lowest CPU percentage (unknown counts as 0), then the fewest busy workers on its hive, then the first id.
   * Of hives whose cordons all ended a moment ago only the first few are looked at.
   */
  bestWorker(model: string): PlacedWorker | undefined {
    const nowMs = this.#clock.monotonicNow();
    let more = this.endWaits(MAX_ENDS_AT_ONCE);
    for (;;) {
      const best = this.#index.best(model);
      const entry = best && this.#entries.get(best.hiveId);
      if (entry === undefined) {
        if (!more) return undefined;
        more = this.endWaits(MAX_ENDS_AT_ONCE);
      } else if (this.#isStale(entry, nowMs)) this.#retire(entry);
      else {
        // Nobody tells of a wall clock that was set back to before the end of a cordon.
        this.#consider(entry);
        if (entry.takesWork) return best;
      }
    }
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
    for (const candidate of entry.candidates) {
      this.#index.add(candidate);
      if (entry.takesWork) this.#index.offer(candidate);
    }
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

  #isStale({ receivedAtMs }: Entry, nowMs: number): boolean {
    return nowMs - receivedAtMs >= this.#staleAfterMs;
  }

  #consider(entry: Entry): void {
    this.#endWait(entry);
    const fromMs = this.#takesWorkFromMs(entry.hiveId);
    const untilMs = this.#cordonedUntilMs(entry.hiveId);
    const isCordoned = untilMs > this.#clock.now();
    const isLater = fromMs > this.#clock.monotonicNow();
    if (isLater) this.#wait(entry, this.#notYet, fromMs);
    else if (isCordoned) this.#wait(entry, this.#cordoned, untilMs);
    this.#offer(entry, !isLater && !isCordoned);
  }

  #offer(entry: Entry, takesWork: boolean): void {
    if (takesWork === entry.takesWork) return;
    entry.takesWork = takesWork;
    if (!this.#live.has(entry.hiveId)) return;
    for (const candidate of entry.candidates) {
      if (takesWork) this.#index.offer(candidate);
      else this.#index.withdraw(candidate);
    }
  }

  /** What no time ends is in no heap. */
  #wait(entry: Entry, heap: Heap<Entry>, untilMs: number): void {
    if (untilMs === Number.POSITIVE_INFINITY) return;
    entry.waitsUntilMs = untilMs;
    entry.waitsIn = heap;
    heap.add(entry);
  }

  #endWait(entry: Entry): void {
    entry.waitsIn?.remove(entry);
    entry.waitsIn = undefined;
  }

  #due(): Entry | undefined {
    const isDue = (entry: Entry | undefined, nowMs: number) => entry !== undefined && entry.waitsUntilMs <= nowMs;
    if (isDue(this.#notYet.first, this.#clock.monotonicNow())) return this.#notYet.first;
    return isDue(this.#cordoned.first, this.#clock.now()) ? this.#cordoned.first : undefined;
  }
}

function newEntry(hiveId: string): Entry {
  return {
    hiveId,
    load: { busyWorkers: 0 },
    candidates: [],
    skewMs: 0,
    receivedAtMs: 0,
    takesWork: true,
    waitsUntilMs: 0,
    waitsIn: undefined,
    position: -1,
  };
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
