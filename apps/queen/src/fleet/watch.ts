import { setTimeout as delay } from "node:timers/promises";
import type { HiveRecord, Labels } from "@repo/hive-catalog";
import { levelOf } from "../process/errors.ts";
import { wholeTurn } from "../process/turn.ts";
import { type HealthAnswer, type HiveToReach, ProbeError } from "../reach/probe.ts";
import type { Fleet } from "./fleet.ts";
import { TELLING_INTERVAL_MS } from "./hive-news.ts";
import type { ProbeOutcome, ProbeResult } from "./liveness/sight.ts";
import type { FleetParts } from "./parts.ts";
import { ProbeScheduler } from "./probe-scheduler.ts";

/** How many records are looked at before other work gets its turn: fewer where they are long. */
const PAGE_SIZE = 100;
const NO_LABELS: Labels = {};
/** Looking for rows of GPUs that other programs left behind takes a hundredth of the time at most. */
const REST_PER_DERIVATION = 99;

const MAX_CHECKS_OUT_OF_TURN = 16;

interface Parts extends Pick<FleetParts, "catalog" | "probe" | "metrics" | "clock" | "log" | "stopping"> {
  fleet: Fleet;
  intervalMs: number;
}

/** Probes every hive in rounds, and between them sweeps for hives that are lost. */
export class Watch {
  readonly #parts: Parts;
  readonly #scheduler: ProbeScheduler;
  #checking = 0;
  #loops: Promise<unknown> = Promise.resolve();
  /** Monotonic: when rows of GPUs are to be looked at again. */
  #deriveFromMs: number;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#scheduler = new ProbeScheduler(parts.clock);
    parts.fleet.check = (hive) => this.#checkNow(hive);
    // An opened catalog looks by itself.
    this.#deriveFromMs = parts.clock.monotonicNow() + parts.intervalMs;
  }

  start(): void {
    const { intervalMs, fleet } = this.#parts;
    this.#loops = Promise.all([
      this.#repeat("health round", intervalMs, () => this.runRound()),
      this.#repeat("deriving GPUs", intervalMs, () => this.deriveGpus()),
      this.#repeat("sweep", fleet.sweepIntervalMs, () => this.sweep()),
      this.#repeat("telling of workers", TELLING_INTERVAL_MS, () => fleet.news.tellDue()),
    ]);
  }

  /** The queen stops: ends the probes that are running, and resolves when nothing runs any more. */
  async stop(): Promise<void> {
    this.#parts.probe.close();
    await this.#loops;
  }

  /** Reads the whole catalog, probes each hive, and sets those online that are. Throws when the catalog fails. */
  async runRound(): Promise<void> {
    const { fleet } = this.#parts;
    await fleet.beginRound();
    await wholeTurn();
    const failures = await this.#scheduler.run(this.#readHives(), (hive) => this.#check(hive));
    if (this.#stopped) return;
    fleet.endRound();
    if (failures.length > 0) throw failures[0];
  }

  sweep(): Promise<void> {
    return this.#parts.fleet.sweep();
  }

  /** Derives the rows by which hives are found by their GPUs, where another program wrote devices; of a large catalog in fewer rounds. */
  async deriveGpus(): Promise<void> {
    const { catalog, clock, log, stopping: signal } = this.#parts;
    const beganAtMs = clock.monotonicNow();
    if (beganAtMs < this.#deriveFromMs) return;
    const hives = await catalog.gpuRows.derive({ signal }).catch((error: unknown) => {
      if (signal.aborted) return 0;
      throw error;
    });
    const endedAtMs = clock.monotonicNow();
    this.#deriveFromMs = endedAtMs + (endedAtMs - beganAtMs) * REST_PER_DERIVATION;
    if (hives > 0) log.info({ hives }, "hives are found by the devices that another program wrote");
  }

  get #stopped(): boolean {
    return this.#parts.stopping.aborted;
  }

  /** The next run begins `intervalMs` after the last one began, or at once if that one took longer; never beside it. */
  async #repeat(name: string, intervalMs: number, run: () => Promise<void>): Promise<void> {
    const { clock, log, stopping: signal } = this.#parts;
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
    const { catalog, clock, fleet } = this.#parts;
    let after: string | undefined;
    for (;;) {
      const readAtMs = clock.monotonicNow();
      const onCorruptHive = ({ id }: { id: string }) => fleet.learnedDamaged(id, readAtMs);
      const { hives, nextAfter } = await catalog.findHives({ after, limit: PAGE_SIZE, onCorruptHive });
      const labels = await catalog.labels.ofHives(hives.map(({ id }) => id));
      for (const record of hives) fleet.learned(record, readAtMs, labels.get(record.id) ?? NO_LABELS);
      await wholeTurn();
      for (const record of hives) {
        if (this.#stopped) return;
        yield record;
      }
      if (nextAfter === null) return;
      after = nextAfter;
    }
  }

  /** Out of turn. When very many hives are back at once, the next round checks those that find no place. */
  async #checkNow(hive: HiveToReach): Promise<void> {
    const { log } = this.#parts;
    if (this.#checking >= MAX_CHECKS_OUT_OF_TURN || this.#stopped) return;
    this.#checking += 1;
    const again = "a health check failed inside the queen; the next round tries again";
    await this.#check(hive).catch((error: unknown) => log[levelOf(error)]({ err: error, hive_id: hive.id }, again));
    this.#checking -= 1;
  }

  /** A status that cannot be written keeps no other hive from being probed. */
  async #check(hive: HiveToReach): Promise<void> {
    const { fleet, metrics } = this.#parts;
    const result = await this.#probe(hive);
    metrics.probes.inc({ outcome: result.outcome });
    if (!this.#stopped) await fleet.probed(hive, result);
  }

  async #probe(hive: HiveToReach): Promise<ProbeResult> {
    const { probe, metrics, clock, log, fleet } = this.#parts;
    const startedAtMs = clock.monotonicNow();
    const end = (outcome: ProbeOutcome, problem?: string, said?: HealthAnswer) => {
      return { outcome, startedAtMs, endedAtMs: clock.monotonicNow(), problem, ...said };
    };
    const refusal = probe.refusal(hive);
    if (refusal !== undefined) return end("refused", refusal.message);
    try {
      const said = await probe.health(hive.id, hive, fleet.sight(hive.id)?.saysId);
      return end("answered", undefined, said);
    } catch (error) {
      if (!(error instanceof ProbeError)) throw error;
      const isNews = fleet.sight(hive.id)?.probes.at(-1)?.problem !== error.message;
      const level = error.code === "WRONG_HIVE" && isNews ? "warn" : "debug";
      log[level]({ hive_id: hive.id, err: error }, "health check failed");
      return end(outcomeOf(error), error.message);
    } finally {
      metrics.probeSeconds.observe((clock.monotonicNow() - startedAtMs) / 1000);
    }
  }
}

function outcomeOf({ code, isNameUnanswered, isUnsent }: ProbeError): ProbeOutcome {
  if (isUnsent) return "unsent";
  if (isNameUnanswered) return "unresolved";
  return code === "HIVE_NOT_ALLOWED" ? "refused" : "failed";
}
