import { setTimeout as delay } from "node:timers/promises";
import { type HiveCatalog, HiveCatalogError, type HiveRecord } from "@repo/hive-catalog";
import type { Logger } from "pino";
import type { Clock } from "../process/clock.ts";
import { levelOf } from "../process/errors.ts";
import { wholeTurn } from "../process/turn.ts";
import { type Probe, ProbeError } from "../reach/probe.ts";
import type { Metrics } from "../telling/metrics.ts";
import type { Cordons } from "./cordons.ts";
import type { DeviceDetection } from "./devices.ts";
import type { Liveness } from "./liveness/liveness.ts";
import type { ProbeResult, Sight } from "./liveness/sight.ts";
import type { StatusKeeper } from "./statuses.ts";
import type { HiveRegistry } from "./workers/registry.ts";

/** How many hives are probed at once while the event loop has time: answers that come together hold it for as long as they take together. */
const PARALLEL_PROBES = 32;
/** How many at once while the loop is busy. One that has no answer after some time does not count: it comes together with no other one. */
const PARALLEL_WHEN_BUSY = 8;
const ANSWERED_WITHIN_MS = 150;
/** A loop that takes longer for a turn is busy. */
const BUSY_TURN_MS = 2;
/** How many begin in one turn of the event loop, and for how long: all of them at once would hold it for as long as they take together. */
const STARTS_PER_TURN = 4;
const STARTS_PER_TURN_MS = 1;
/**
 * A probe that has no answer by then gives its place to the next one, up to so many: or a thousand hosts that swallow packets would hold
 * up the checks of all the others for minutes.
 */
const SLOW_PROBE_MS = 250;
const MAX_SLOW_PROBES = 2048;
const MAX_LATE_MS = 50;
/** How many records or memories are looked at before other work gets its turn. */
const PAGE_SIZE = 100;

interface Parts {
  catalog: HiveCatalog;
  registry: HiveRegistry;
  liveness: Liveness;
  cordons: Cordons;
  statuses: StatusKeeper;
  detection: DeviceDetection;
  probe: Probe;
  metrics: Metrics;
  clock: Clock;
  log: Logger;
  intervalMs: number;
}

/** One of the checks that run at once. */
interface Place {
  /** Never rejects. */
  check: Promise<void>;
  startedAtMs: number;
  isTaken: boolean;
  /** Lets the next one begin before this one has ended. */
  giveUp: () => void;
}
const newPlace = (): Place => ({
  check: Promise.resolve(),
  startedAtMs: 0,
  isTaken: false,
  giveUp: () => undefined,
});

/** Probes every hive in rounds, and between them sweeps for hives that are lost. */
export class HealthLoop {
  readonly #parts: Parts;
  readonly #stopping = new AbortController();
  #loops: Promise<unknown> = Promise.resolve();
  #startsInTurn = 0;
  #firstStartMs = 0;
  #turnTookMs = 0;
  /** Those of the round that runs. */
  #places: readonly Place[] = [];
  #nextTurn: Promise<void> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  start(): void {
    const { intervalMs, liveness } = this.#parts;
    this.#loops = Promise.all([
      this.#repeat("health round", intervalMs, () => this.runRound()),
      this.#repeat("sweep", liveness.tickIntervalMs, () => this.sweep()),
    ]);
  }

  /** Ends the probes that are running, and resolves when nothing runs any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#parts.probe.close();
    await this.#loops;
  }

  /** Reads the whole catalog, probes each hive, and sets those online that are. Throws when the catalog fails. */
  async runRound(): Promise<void> {
    const { liveness, cordons, statuses, registry, detection, log } = this.#parts;
    const again = "the cordons could not be read; the next round tries again";
    await cordons.refresh().catch((error: unknown) => log[levelOf(error)]({ err: error }, again));
    await wholeTurn();
    liveness.sights.beginRound();
    const hives = this.#readHives();
    const slow = new Set<Promise<void>>();
    const failures: unknown[] = [];
    this.#places = Array.from({ length: PARALLEL_PROBES }, newPlace);
    let dueAtMs = performance.now() + SLOW_PROBE_MS;
    const timer = setInterval(() => {
      const lateMs = performance.now() - dueAtMs;
      dueAtMs = performance.now() + SLOW_PROBE_MS;
      // When the queen herself is late, more probes at once would only make her later.
      if (lateMs < MAX_LATE_MS) this.#giveUpSlow(slow);
    }, SLOW_PROBE_MS);
    const ends = await Promise.allSettled(this.#places.map((place) => this.#checkAll(hives, place, failures)));
    clearInterval(timer);
    await Promise.all(slow);
    const failed = ends.find((end) => end.status === "rejected");
    if (failed) throw failed.reason;
    if (this.#stopped) return;
    for (const id of liveness.sights.endRound()) {
      statuses.announceRemoved(id);
      registry.remove(id);
      detection.forget(id);
    }
    if (failures.length > 0) throw failures[0];
  }

  /** Marks the hives offline that are lost as far as the queen remembers, without reading the catalog. */
  async sweep(): Promise<void> {
    const { liveness, registry, statuses, clock } = this.#parts;
    while (registry.expire(PAGE_SIZE) || registry.endWaits(PAGE_SIZE)) await wholeTurn();
    const { lost, notices } = liveness.tick(clock.monotonicNow(), clock.uptimeNow());
    statuses.announce(notices);
    let marked = 0;
    for (const sight of lost) {
      if (this.#stopped) return;
      await this.#settle(sight);
      marked += 1;
      if (marked % PAGE_SIZE === 0) await wholeTurn();
    }
  }

  get #stopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** The next run begins `intervalMs` after the last one began, or at once if that one took longer; never beside it. */
  async #repeat(name: string, intervalMs: number, run: () => Promise<void>): Promise<void> {
    const { clock, log } = this.#parts;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const beganAtMs = clock.monotonicNow();
      const again = `${name} failed; the next one tries again`;
      await run().catch((error: unknown) => log[levelOf(error)]({ err: error }, again));
      const restMs = Math.max(0, intervalMs - (clock.monotonicNow() - beganAtMs));
      await delay(restMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Own pages rather than a stream, because the time of each read decides what is newer: the record or the memory. */
  async *#readHives(): AsyncGenerator<HiveRecord, undefined> {
    const { catalog, clock, liveness } = this.#parts;
    const onCorruptHive = ({ id }: { id: string }) => void liveness.learnDamaged(id);
    let after: string | undefined;
    for (;;) {
      const readAtMs = clock.monotonicNow();
      const page = await catalog.listHives({ after, limit: PAGE_SIZE, onCorruptHive });
      for (const record of page) this.#learn(record, readAtMs);
      await wholeTurn();
      for (const record of page) {
        if (this.#stopped) return;
        yield record;
      }
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE_SIZE) return;
      after = last.id;
    }
  }

  #learn(record: HiveRecord, readAtMs: number): void {
    const { liveness, statuses, detection } = this.#parts;
    const was = liveness.sights.get(record.id)?.status;
    const { status } = statuses.learn(record, readAtMs);
    detection.learn(record);
    if (was !== undefined && status !== undefined && status !== was) {
      statuses.announceChange(record.id, was, status, "it was changed in the catalog by another program");
    }
  }

  /** A hive whose status cannot be written keeps no other one from being probed. */
  async #checkAll(hives: AsyncIterable<HiveRecord>, place: Place, failures: unknown[]): Promise<void> {
    for await (const hive of hives) {
      await this.#waitToBegin(place);
      place.check = this.#check(hive).catch((error: unknown) => void failures.push(error));
      await new Promise<void>((resolve) => {
        place.giveUp = resolve;
        void place.check.then(resolve);
      });
      place.isTaken = false;
    }
  }

  async #waitToBegin(place: Place): Promise<void> {
    while (this.#isTurnSpent() || this.#isLoopBusy()) {
      this.#nextTurn ??= this.#turn();
      await this.#nextTurn;
    }
    if (this.#startsInTurn === 0) this.#firstStartMs = performance.now();
    this.#startsInTurn += 1;
    place.isTaken = true;
    place.startedAtMs = this.#parts.clock.monotonicNow();
  }

  async #turn(): Promise<void> {
    const beganAtMs = performance.now();
    await wholeTurn();
    this.#turnTookMs = performance.now() - beganAtMs;
    this.#startsInTurn = 0;
    this.#nextTurn = undefined;
  }

  #isTurnSpent(): boolean {
    if (this.#startsInTurn === 0) return false;
    return this.#startsInTurn >= STARTS_PER_TURN || performance.now() - this.#firstStartMs > STARTS_PER_TURN_MS;
  }

  #isLoopBusy(): boolean {
    if (this.#turnTookMs <= BUSY_TURN_MS) return false;
    const sinceMs = this.#parts.clock.monotonicNow() - ANSWERED_WITHIN_MS;
    const awaited = this.#places.filter(({ isTaken, startedAtMs }) => isTaken && startedAtMs > sinceMs);
    return awaited.length >= PARALLEL_WHEN_BUSY;
  }

  /** Frees the places of checks that are slow by the clock of the queen. */
  #giveUpSlow(slow: Set<Promise<void>>): void {
    const nowMs = this.#parts.clock.monotonicNow();
    for (const { check, startedAtMs, giveUp } of this.#places) {
      if (nowMs - startedAtMs < SLOW_PROBE_MS || slow.size >= MAX_SLOW_PROBES || slow.has(check)) continue;
      slow.add(check);
      void check.then(() => slow.delete(check));
      giveUp();
    }
  }

  async #check(hive: HiveRecord): Promise<void> {
    const { liveness, detection, metrics } = this.#parts;
    const result = await this.#probe(hive);
    metrics.probes.add(result.outcome);
    const sight = liveness.sights.get(hive.id);
    if (this.#stopped || sight === undefined || !liveness.probed(sight, hive, result)) return;
    if (sight.status !== "online") await this.#settle(sight);
    if (result.outcome === "answered" && detection.isDue(hive.id)) await detection.tryDetecting(hive.id, hive);
  }

  async #probe(hive: HiveRecord): Promise<ProbeResult> {
    const { probe, metrics, clock, log } = this.#parts;
    const startedAtMs = clock.monotonicNow();
    const end = (outcome: ProbeResult["outcome"], problem?: string) => {
      return { outcome, startedAtMs, endedAtMs: clock.monotonicNow(), problem };
    };
    const refusal = probe.refusal(hive);
    if (refusal !== undefined) return end("refused", refusal.message);
    try {
      await probe.health(hive.id, hive);
      return end("answered");
    } catch (error) {
      if (!(error instanceof ProbeError)) throw error;
      const level = error.code === "WRONG_HIVE" ? "warn" : "debug";
      log[level]({ hive_id: hive.id, err: error }, "health check failed");
      return end(error.code === "HIVE_NOT_ALLOWED" ? "refused" : "failed", error.message);
    } finally {
      metrics.probeSeconds.observe((clock.monotonicNow() - startedAtMs) / 1000);
    }
  }

  async #settle(sight: Sight): Promise<void> {
    const { statuses, liveness, registry, detection } = this.#parts;
    try {
      await statuses.settle(sight);
    } catch (error) {
      if (!(error instanceof HiveCatalogError && error.code === "HIVE_NOT_FOUND")) throw error;
      statuses.announceRemoved(sight.id);
      liveness.sights.forget(sight.id);
      registry.remove(sight.id);
      detection.forget(sight.id);
    }
  }
}
