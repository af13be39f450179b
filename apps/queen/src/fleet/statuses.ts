import { type HiveCatalog, HiveCatalogError, type HiveRecord, type HiveStatus } from "@repo/hive-catalog";
import type { Logger } from "pino";
import type { Clock } from "../process/clock.ts";
import { isOutcomeUnknown } from "../process/errors.ts";
import type { EventLog } from "../telling/events.ts";
import type { Metrics } from "../telling/metrics.ts";
import type { Verdict } from "./liveness/judge.ts";
import type { Notice } from "./liveness/listening.ts";
import type { Liveness } from "./liveness/liveness.ts";
import type { Sight } from "./liveness/sight.ts";

interface Parts {
  catalog: HiveCatalog;
  liveness: Liveness;
  events: EventLog;
  metrics: Metrics;
  clock: Clock;
  log: Logger;
  staleAfterMs: number;
}

/** Brings the stored status of a hive in line with what the liveness rules say; writes only what changes. */
export class StatusKeeper {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
    const { metrics, liveness, clock } = parts;
    metrics.marksHeld.read = () => (liveness.isHolding ? 1 : 0);
    metrics.missingHives.read = () => liveness.condition(clock.monotonicNow()).missing;
  }

  /** Throws HiveCatalogError: HIVE_NOT_FOUND when the hive was removed meanwhile. */
  async settle(sight: Sight): Promise<void> {
    if (sight.damaged) return;
    const status = sight.status ?? (await this.#read(sight));
    if (status === undefined) return;
    const { liveness, clock } = this.#parts;
    const verdict = liveness.judge(sight, status, clock.monotonicNow());
    if (verdict.status === status) return;
    if (verdict.status === "offline") await this.#markOffline(sight, status, verdict);
    else await this.#write(sight, status, verdict);
  }

  /** Takes over what the catalog says of a hive, and tells of one that another program has added, or given another address. */
  learn(record: HiveRecord, readAtMs: number): Sight {
    const { liveness, events, clock, log } = this.#parts;
    const { sights } = liveness;
    const { id: hive_id, host, port, status } = record;
    const known = sights.get(hive_id);
    const wasKnown = known !== undefined && known.host !== "";
    const hasMoved = wasKnown && (known.host !== host || known.port !== port);
    const sight = liveness.learn(record, readAtMs, clock.monotonicNow(), clock.now());
    if (hasMoved) {
      log.info({ hive_id, host, port }, "hive changed by another program");
      events.publish("hive_changed", { hive_id });
    }
    if (sights.isComplete && !wasKnown) {
      log.info({ hive_id, host, port, status }, "hive added by another program");
      events.publish("hive_added", { hive_id, host, port, status });
    }
    return sight;
  }

  /** Tells of a hive that another program has removed. */
  announceRemoved(id: string): void {
    const { events, log } = this.#parts;
    log.info({ hive_id: id }, "hive removed by another program");
    events.publish("hive_removed", { hive_id: id });
  }

  /** One log line, one event and one count for a change, whoever made it. */
  announceChange(id: string, was: HiveStatus, status: HiveStatus, why: string): void {
    const { log, events, metrics } = this.#parts;
    const change = { hive_id: id, was, status, why };
    log.info(change, `hive ${status}`);
    events.publish("status", change);
    metrics.statusChanges.add(status);
  }

  /** The same for what the queen went through as a whole. */
  announce(notices: readonly Notice[]): void {
    const { log, events, metrics } = this.#parts;
    for (const notice of notices) {
      const text = textOf(notice);
      log[notice.kind === "resumed" || notice.kind === "network_back" ? "info" : "warn"]({ liveness: notice }, text);
      events.publish("liveness", { kind: notice.kind, why: text, ...countsOf(notice) });
      metrics.notices.add(notice.kind);
    }
  }

  async #read(sight: Sight): Promise<HiveStatus | undefined> {
    const { catalog, liveness, clock, log } = this.#parts;
    const readAtMs = clock.monotonicNow();
    try {
      const record = await catalog.getHive(sight.id);
      if (record === undefined) {
        throw new HiveCatalogError("HIVE_NOT_FOUND", `There is no hive "${sight.id}"`, { hiveId: sight.id });
      }
      this.learn(record, readAtMs);
      return record.status;
    } catch (error) {
      if (!(error instanceof HiveCatalogError && error.code === "CORRUPT_HIVE")) throw error;
      liveness.learnDamaged(sight.id);
      log.warn({ hive_id: sight.id, err: error }, "the record of this hive is damaged, so its status is left as it is");
      return undefined;
    }
  }

  async #write(sight: Sight, was: HiveStatus, verdict: Verdict): Promise<void> {
    const { catalog, liveness, clock } = this.#parts;
    await catalog.updateHiveStatus(sight.id, verdict.status).catch((error: unknown) => {
      if (isOutcomeUnknown(error)) liveness.unsure(sight, clock.monotonicNow());
      throw error;
    });
    if (sight.status === verdict.status) return;
    liveness.changed(sight, was, verdict, clock.monotonicNow());
    this.announceChange(sight.id, was, verdict.status, verdict.why);
  }

  /** While the mark is on its way the status is not sure: a beat that comes in between looks into the catalog itself. */
  async #markOffline(sight: Sight, was: HiveStatus, verdict: Verdict): Promise<void> {
    const { catalog, liveness, clock } = this.#parts;
    liveness.unsure(sight, clock.monotonicNow());
    const changed = await catalog.markOffline(sight.id, this.#notBeatSinceMs(sight));
    if (!changed) return;
    liveness.markedOffline(sight, was, verdict, clock.monotonicNow());
    this.announceChange(sight.id, was, "offline", verdict.why);
  }

  /** A beat later than the one that is known to be stale was taken by another queen, and wins. */
  #notBeatSinceMs({ heartbeatMs }: Sight): number {
    const { clock, staleAfterMs } = this.#parts;
    return Math.max(0, clock.now() - staleAfterMs, (heartbeatMs ?? 0) + 1);
  }
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

const ENDS = {
  returned: "enough of the missing hives have returned",
  confirmed: "an operator confirmed that the missing hives are gone",
  timed_out: "the time for which marks are held back is over",
};

function textOf(notice: Notice): string {
  switch (notice.kind) {
    case "stalled":
      return `the queen stood still for ${seconds(notice.forMs)}: the silence of hives counts from now`;
    case "suspended":
      return `the machine was suspended for ${seconds(notice.forMs)}: the silence of hives counts from now`;
    case "network_back":
      return `hives are heard again after ${seconds(notice.forMs)} of silence of all of them`;
    case "network_lost":
      return `no hive at all is heard, out of ${notice.online}: no hive is marked offline until the network is back, an operator confirms, or time is up`;
    case "mass_failure":
      return `${notice.missing} of ${notice.online} online hives went missing at once: no hive is marked offline until they return, an operator confirms, or time is up`;
    case "resumed":
      return `hives are marked offline again: ${ENDS[notice.how]}; ${notice.missing} of ${notice.online} are missing`;
  }
}

const countsOf = (notice: Notice): { missing: number | null; online: number | null } =>
  "missing" in notice ? { missing: notice.missing, online: notice.online } : { missing: null, online: null };
