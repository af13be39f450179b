import type { Clock } from "../../process/clock.ts";
import { unreachableOf, urlOf } from "./address.ts";
import type { Heartbeat, Reading } from "./heartbeat.ts";
import { type Candidate, type Claim, demandOn, HandOuts, Hive, type Serving, settleDemands } from "./hive.ts";
import { bestOf, canBeClaimed, hasRoom, isLessLoaded, leastOf, rank, rankServing } from "./load.ts";
import { type ColdCandidate, coldCandidate, loadsBetter, ModelsOnDisk } from "./models-on-disk.ts";
import type { ClaimedWorker, KnownModel, PlacedModel, PlacedWorker, WorkerFilter, WorkQuery } from "./queries.ts";
import { place, scanModels, scanWorkers } from "./scans.ts";
import { freeVramOf, withHostMemory } from "./usage.ts";
import { type WhyNoWorker, whyNoWorker } from "./why-no-worker.ts";
import type { Worker } from "./worker.ts";

/** What a hive said in its last heartbeat. */
export interface HiveState {
  readonly workers: readonly Worker[];
  /** How far the clock of the hive runs ahead of the queen's, in milliseconds; the way of the heartbeat included. null when it did not say. */
  readonly skewMs: number | null;
  /** Time since the heartbeat was taken. */
  readonly ageMs: number;
  /** Whether that heartbeat is still fresh. */
  readonly live: boolean;
  /** What it has measured; null when it measured nothing, or too long ago. */
  readonly reading: Reading | null;
  /** Time since that was measured. */
  readonly readAgeMs: number | null;
}

interface RegistryOptions {
  clock: Clock;
  staleAfterMs: number;
  /** What others know of a hive. */
  circumstancesOf: (hiveId: string) => Pick<Hive, "takesWorkFromMs" | "cordonedUntilMs" | "host" | "unified">;
}

/**
 * What is only true now: the workers of each hive, from its last heartbeat, and what they were given since. In memory; heartbeats fill it again after a restart.
 * A hive is live while its last heartbeat is younger than `staleAfterMs` by the monotonic clock. When its circumstances are others, `reconsider` it.
 */
export class HiveRegistry {
  readonly #options: RegistryOptions;
  readonly #hives = new Map<string, Hive>();
  /** Of all hives, live or not: a query looks at each one that serves the model. */
  readonly #byModel = new Map<string | null, Set<Serving>>();
  readonly #onDisk = new ModelsOnDisk();

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  /** Replaces what is known of a hive by its newest heartbeat, received now. Returns the claims that it ended: it was read later, and shows their worker busy. */
  update({ hiveId, workers, timestampMs, reading }: Heartbeat, skewMs: number | null): Claim[] {
    const hive = this.#hives.get(hiveId) ?? this.#add(hiveId);
    const nowMs = this.#options.clock.monotonicNow();
    hive.skewMs = skewMs;
    hive.receivedAtMs = nowMs;
    this.#setReading(hive, reading);
    // Two times of one clock, whatever it says: how old a reading is needs no clock that is right.
    const readAgoMs = (timestampMs ?? 0) - (reading?.readAtMs ?? timestampMs ?? 0);
    hive.readAtMs = timestampMs === null ? nowMs : nowMs - Math.max(0, readAgoMs);
    const ended = settleDemands(hive, workers, nowMs - this.#options.staleAfterMs);
    this.#setWorkers(hive, workers);
    return ended;
  }

  get(hiveId: string): HiveState | undefined {
    const hive = this.#hives.get(hiveId);
    if (hive === undefined) return undefined;
    const { workers, skewMs, receivedAtMs } = hive;
    const nowMs = this.#options.clock.monotonicNow();
    const reading = this.#freshReading(hive, nowMs);
    const readAgeMs = hive.reading === null ? null : nowMs - hive.readAtMs;
    return { workers, skewMs, ageMs: nowMs - receivedAtMs, live: this.#isLive(hive, nowMs), reading, readAgeMs };
  }

  remove(hiveId: string): void {
    const hive = this.#hives.get(hiveId);
    if (hive === undefined) return;
    this.#setWorkers(hive, []);
    this.#setReading(hive, null);
    this.#hives.delete(hiveId);
  }

  /** Finds out anew when a hive takes work, and where it is. */
  reconsider(hiveId: string): void {
    const hive = this.#hives.get(hiveId);
    if (hive === undefined) return;
    const { host } = hive;
    Object.assign(hive, this.#options.circumstancesOf(hiveId));
    hive.unifiedReading = undefined;
    if (host !== hive.host) hive.unreachable = unreachableOf(hive.workers, hive.host);
    for (const model of hive.byModel?.keys() ?? []) rank(hive, model);
  }

  /** The workers of live hives that match every field of `filter`, in batches between which other work may have its turn. */
  workers(filter: WorkerFilter = {}): Generator<PlacedWorker[]> {
    const { model } = filter;
    const hives =
      model === undefined ? [...this.#hives.values()] : [...(this.#byModel.get(model) ?? [])].map(({ hive }) => hive);
    return scanWorkers(hives, filter, this.#isLiveNow);
  }

  *workload() {
    const nowMs = this.#options.clock.monotonicNow();
    for (const hive of this.#hives.values()) {
      const { id, workers } = hive;
      if (this.#isLive(hive, nowMs)) yield { id, workers, reading: this.#freshReading(hive, nowMs) };
    }
  }

  /** The models that live hives serve or have on disk, in batches as `workers`. */
  models(): Generator<KnownModel[]> {
    const { clock } = this.#options;
    const takesWork = (hive: Hive) => this.#takesWork(hive, clock.monotonicNow(), clock.now());
    return scanModels(this.#byModel, this.#onDisk, this.#isLiveNow, takesWork);
  }

  /** The name of the model that is asked for by this one: without a tag it is the latest, as Ollama has it, where nothing is named just so. */
  knownAs(name: string): string {
    const isKnown = (model: string) => this.#byModel.has(model) || this.#onDisk.has(model);
    return !isKnown(name) && isKnown(`${name}:latest`) ? `${name}:latest` : name;
  }

  /**
   * The worker to give work to, which counts as given: idle, health "healthy", reachable, with a free slot, on a live hive that takes work, least loaded. The load
   * is what runs there or was given since it was read, then its GPU, then its CPU, then the busy workers on its hive, then its id.
   */
  handOut(query: WorkQuery): PlacedWorker | undefined {
    const found = this.#least(query, hasRoom);
    if (found === undefined) return undefined;
    const { hive, worker } = found;
    demandOn(hive, worker.workerId).handOuts.add(this.#options.clock.monotonicNow());
    rank(hive, worker.modelId);
    return place(hive, worker);
  }

  /** The same, as a promise: what counts is the claim, until `release` or a beat ends it. */
  claim(query: WorkQuery, promise: Omit<Claim, "hiveId" | "workerId">): ClaimedWorker | undefined {
    const found = this.#least(query, canBeClaimed);
    if (found === undefined) return undefined;
    const { hive, worker } = found;
    const claim = { ...promise, hiveId: hive.id, workerId: worker.workerId };
    demandOn(hive, worker.workerId).claims.add(claim);
    rank(hive, worker.modelId);
    return { claim, placed: place(hive, worker) };
  }

  /** A hive that takes work, has the model on disk and the memory free, and does not serve it: it counts as sent to load it. */
  handOutCold({ model, minFreeVramBytes, isChosen, onScanned }: WorkQuery): PlacedModel | undefined {
    const { clock } = this.#options;
    const nowMs = clock.monotonicNow();
    let scanned = 0;
    let found: ColdCandidate | undefined;
    for (const hive of this.#onDisk.of(model)) {
      scanned += 1;
      const reading = this.#freshReading(hive, nowMs);
      if (reading === null || hive.byModel?.has(model) || !this.#takesWork(hive, nowMs, clock.now())) continue;
      const candidate = coldCandidate(hive, reading, model, minFreeVramBytes);
      if (candidate === undefined || !loadsBetter(candidate, found)) continue;
      if (isChosen?.(hive.id) !== false) found = candidate;
    }
    onScanned?.(scanned);
    if (found === undefined) return undefined;
    const { hive, model: onDisk } = found;
    hive.loads ??= new HandOuts();
    hive.loads.add(nowMs, onDisk.bytes ?? 0);
    return { hiveId: hive.id, model: onDisk, url: urlOf(onDisk, hive.host) };
  }

  release(claim: Claim): void {
    const hive = this.#hives.get(claim.hiveId);
    const worker = hive?.workers.find(({ workerId }) => workerId === claim.workerId);
    hive?.demands?.get(claim.workerId)?.claims.delete(claim);
    if (hive && worker) rank(hive, worker.modelId);
  }

  /** The least loaded of those that `mayTake` more. */
  #least(query: WorkQuery, mayTake: typeof hasRoom): Candidate | undefined {
    const { model, backend, minFreeVramBytes, isChosen, onScanned } = query;
    const { clock } = this.#options;
    const nowMs = clock.monotonicNow();
    const wallNowMs = clock.now();
    const isFit = (hive: Hive, worker: Worker) =>
      mayTake(hive, worker) &&
      (backend === undefined || worker.backend === backend) &&
      (minFreeVramBytes === undefined ||
        (freeVramOf(this.#freshReading(hive, nowMs), worker) ?? -1) >= minFreeVramBytes);
    const isAny = minFreeVramBytes === undefined && mayTake === hasRoom;
    let scanned = 0;
    let found: Candidate | undefined;
    for (const serving of this.#byModel.get(model) ?? []) {
      if (serving.leastLoad > (found?.load ?? Number.MAX_VALUE)) continue;
      if (!this.#takesWork(serving.hive, nowMs, wallNowMs)) continue;
      let best = leastOf(serving.bests, backend);
      // Whatever else this hive has is loaded as much at least.
      if (best === undefined || !isLessLoaded(best, found)) continue;
      if (!isAny && !isFit(serving.hive, best.worker)) {
        scanned += serving.workers.length;
        best = bestOf(serving, isFit);
      }
      if (best === undefined || !isLessLoaded(best, found)) continue;
      if (isChosen !== undefined) scanned += 1;
      if (isChosen?.(serving.hive.id) !== false) found = best;
    }
    onScanned?.(scanned);
    return found;
  }

  /** Why there is no worker to hand out now, on hives that are chosen. */
  whyNoWorker(query: WorkQuery): WhyNoWorker {
    const { clock } = this.#options;
    const nowMs = clock.monotonicNow();
    const now = { nowMs, wallNowMs: clock.now(), isLive: (hive: Hive) => this.#isLive(hive, nowMs) };
    const { model, isChosen, onScanned } = query;
    const all = this.#byModel.get(model) ?? new Set<Serving>();
    if (isChosen !== undefined) onScanned?.(all.size);
    const servings = isChosen === undefined ? all : [...all].filter(({ hive }) => isChosen(hive.id));
    return whyNoWorker({ servings, onDisk: this.#onDisk.of(model), models: this.#byModel.keys() }, query, now);
  }

  #add(id: string): Hive {
    const hive = new Hive(id);
    this.#hives.set(id, hive);
    this.reconsider(id);
    return hive;
  }

  /** What stays is kept: most beats only bring other numbers of the same workers. */
  #setWorkers(hive: Hive, workers: readonly Worker[]): void {
    hive.workers = workers;
    hive.unreachable = unreachableOf(workers, hive.host);
    hive.busyWorkers = 0;
    for (const serving of hive.byModel?.values() ?? []) serving.count = 0;
    for (const worker of workers) {
      if (worker.state === "Busy") hive.busyWorkers += 1;
      const serving = hive.byModel?.get(worker.modelId) ?? this.#serve(hive, worker.modelId);
      serving.workers[serving.count++] = worker;
    }
    for (const [model, serving] of hive.byModel ?? []) {
      serving.workers.length = serving.count;
      if (serving.count === 0) this.#serveNoMore(hive, model);
      else rankServing(serving);
    }
  }

  #serve(hive: Hive, model: string | null): Serving {
    const serving = { hive, workers: [], count: 0, bests: [], leastLoad: Number.POSITIVE_INFINITY };
    hive.byModel = (hive.byModel ?? new Map()).set(model, serving);
    this.#byModel.set(model, (this.#byModel.get(model) ?? new Set()).add(serving));
    return serving;
  }

  #serveNoMore(hive: Hive, model: string | null): void {
    const serving = hive.byModel?.get(model);
    const servings = this.#byModel.get(model);
    hive.byModel?.delete(model);
    if (hive.byModel?.size === 0) hive.byModel = undefined;
    if (serving !== undefined) servings?.delete(serving);
    if (servings?.size === 0) this.#byModel.delete(model);
  }

  #setReading(hive: Hive, reading: Reading | null): void {
    const before = hive.reading;
    hive.reading = reading;
    hive.unifiedReading = undefined;
    this.#onDisk.update(hive, before);
  }

  #takesWork(hive: Hive, nowMs: number, wallNowMs: number): boolean {
    return hive.takesWorkFromMs <= nowMs && hive.cordonedUntilMs <= wallNowMs && this.#isLive(hive, nowMs);
  }

  readonly #isLiveNow = (hive: Hive): boolean => this.#isLive(hive, this.#options.clock.monotonicNow());

  #isLive({ receivedAtMs }: Hive, nowMs: number): boolean {
    return nowMs - receivedAtMs < this.#options.staleAfterMs;
  }

  #freshReading(hive: Hive, nowMs: number): Reading | null {
    const { reading, readAtMs, unified } = hive;
    if (reading === null || nowMs - readAtMs >= this.#options.staleAfterMs) return null;
    if (unified === undefined) return reading;
    hive.unifiedReading ??= withHostMemory(reading, unified);
    return hive.unifiedReading;
  }
}
