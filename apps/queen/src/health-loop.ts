import { setTimeout as delay, setImmediate as turn } from "node:timers/promises";
import { type HiveCatalog, HiveCatalogError, type HiveRecord } from "@repo/hive-catalog";
import type { FastifyBaseLogger } from "fastify";
import type { Clock } from "./clock.ts";
import type { DeviceDetection } from "./device-detection.ts";
import type { Fleet, Sight } from "./fleet.ts";
import type { ProbeOutcome } from "./liveness.ts";
import type { Metrics } from "./metrics.ts";
import { type Probe, ProbeError } from "./probe.ts";
import type { HiveRegistry } from "./registry.ts";
import type { StatusKeeper } from "./status-keeper.ts";

/** How many hives are probed at once. */
const PARALLEL_PROBES = 32;
/** How many records or memories are looked at before other work gets its turn. */
const PAGE_SIZE = 100;
/** A hive that turned stale goes offline within this share of the shorter of the two intervals. */
const SWEEPS_PER_INTERVAL = 4;

interface Parts {
  catalog: HiveCatalog;
  registry: HiveRegistry;
  fleet: Fleet;
  statuses: StatusKeeper;
  detection: DeviceDetection;
  probe: Probe;
  metrics: Metrics;
  clock: Clock;
  log: FastifyBaseLogger;
  intervalMs: number;
  staleAfterMs: number;
}

/** Probes every hive in rounds, and between them sweeps for hives that turned stale. */
export class HealthLoop {
  readonly #parts: Parts;
  readonly #stopping = new AbortController();
  #loops: Promise<unknown> = Promise.resolve();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  start(): void {
    const { intervalMs, staleAfterMs } = this.#parts;
    const sweepMs = Math.max(1, Math.min(intervalMs, staleAfterMs) / SWEEPS_PER_INTERVAL);
    this.#loops = Promise.all([
      this.#repeat("health round", intervalMs, () => this.runRound()),
      this.#repeat("stale sweep", sweepMs, () => this.sweep()),
    ]);
  }

  /** Ends the probes that are running, and resolves when nothing runs any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#parts.probe.close();
    await this.#loops;
  }

  /** Reads the whole catalog, probes each hive, and settles its status. Throws when the catalog fails. */
  async runRound(): Promise<void> {
    const { fleet, registry } = this.#parts;
    fleet.beginRound();
    const hives = this.#readHives();
    const probing = Array.from({ length: PARALLEL_PROBES }, () => this.#checkAll(hives));
    const ends = await Promise.allSettled(probing);
    const failed = ends.find((end) => end.status === "rejected");
    if (failed) throw failed.reason;
    if (this.#stopped) return;
    for (const id of fleet.endRound()) registry.remove(id);
  }

  /** Settles the hives that are online as far as the queen remembers, without reading the catalog. */
  async sweep(): Promise<void> {
    let looked = 0;
    for (const sight of this.#parts.fleet.sights()) {
      if (this.#stopped) return;
      if (sight.status === "online") await this.#settle(sight);
      looked += 1;
      if (looked % PAGE_SIZE === 0) await turn();
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
      await run().catch((error: unknown) => log.error({ err: error }, `${name} failed; the next one tries again`));
      const restMs = Math.max(0, intervalMs - (clock.monotonicNow() - beganAtMs));
      await delay(restMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Own pages rather than a stream, because the time of each read decides what is newer: the record or the memory. */
  async *#readHives(): AsyncGenerator<HiveRecord, undefined> {
    const { catalog, clock, fleet } = this.#parts;
    const onCorruptHive = ({ id }: { id: string }) => void fleet.learnDamaged(id);
    let after = "";
    for (;;) {
      const readAtMs = clock.monotonicNow();
      const page = await catalog.listHives({ after, limit: PAGE_SIZE, onCorruptHive });
      for (const record of page) this.#learn(record, readAtMs);
      for (const record of page) {
        if (this.#stopped) return;
        yield record;
      }
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE_SIZE) return;
      after = last.id;
      await turn();
    }
  }

  #learn(record: HiveRecord, readAtMs: number): void {
    const { fleet, statuses } = this.#parts;
    const was = fleet.get(record.id)?.status;
    const { status } = fleet.learn(record, readAtMs);
    if (was !== undefined && status !== undefined && status !== was) {
      statuses.announceChange(record.id, was, status, "it was changed in the catalog by another program");
    }
  }

  async #checkAll(hives: AsyncIterable<HiveRecord>): Promise<void> {
    for await (const hive of hives) await this.#check(hive);
  }

  async #check(hive: HiveRecord): Promise<void> {
    const { fleet, detection } = this.#parts;
    const probed = await this.#probe(hive);
    this.#parts.metrics.probes.add(probed);
    const sight = fleet.get(hive.id);
    if (this.#stopped || sight === undefined || !fleet.probed(sight, hive, probed)) return;
    await this.#settle(sight);
    if (probed === "answered" && sight.detectionDue) await detection.tryDetecting(sight, hive);
  }

  async #probe(hive: HiveRecord): Promise<Exclude<ProbeOutcome, "pending">> {
    const { probe, metrics, clock, log } = this.#parts;
    if (probe.refuses(hive)) return "refused";
    const sentAtMs = clock.monotonicNow();
    try {
      await probe.health(hive.id, hive);
      return "answered";
    } catch (error) {
      if (!(error instanceof ProbeError)) throw error;
      const level = error.code === "WRONG_HIVE" ? "warn" : "debug";
      log[level]({ hive_id: hive.id, err: error }, "health check failed");
      return error.code === "HIVE_NOT_ALLOWED" ? "refused" : "failed";
    } finally {
      metrics.probeSeconds.observe((clock.monotonicNow() - sentAtMs) / 1000);
    }
  }

  async #settle(sight: Sight): Promise<void> {
    const { statuses, fleet, registry } = this.#parts;
    try {
      await statuses.settle(sight);
    } catch (error) {
      if (!(error instanceof HiveCatalogError && error.code === "HIVE_NOT_FOUND")) throw error;
      fleet.forget(sight.id);
      registry.remove(sight.id);
    }
  }
}
