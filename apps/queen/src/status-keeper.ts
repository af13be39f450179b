import { type HiveCatalog, HiveCatalogError, type HiveStatus } from "@repo/hive-catalog";
import type { FastifyBaseLogger } from "fastify";
import type { Clock } from "./clock.ts";
import type { EventLog } from "./events.ts";
import type { Fleet, Sight } from "./fleet.ts";
import { judge } from "./liveness.ts";
import type { Metrics } from "./metrics.ts";

interface Parts {
  catalog: HiveCatalog;
  fleet: Fleet;
  events: EventLog;
  metrics: Metrics;
  clock: Clock;
  log: FastifyBaseLogger;
  staleAfterMs: number;
}

/** Brings the stored status of a hive in line with what is known of it; writes only what changes. */
export class StatusKeeper {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Throws HiveCatalogError: HIVE_NOT_FOUND when the hive was removed meanwhile. */
  async settle(sight: Sight): Promise<void> {
    if (sight.damaged) return;
    const status = sight.status ?? (await this.#read(sight));
    if (status === undefined) return;
    const { fleet, staleAfterMs } = this.#parts;
    const verdict = judge(fleet.evidence(sight, status), staleAfterMs);
    if (verdict.status === status) return;
    if (verdict.status === "offline") await this.#markOffline(sight, status, verdict.why);
    else await this.#write(sight, status, verdict.status, verdict.why);
  }

  /** One log line, one event and one count for a change, whoever made it. */
  announceChange(id: string, was: HiveStatus, status: HiveStatus, why: string): void {
    const { log, events, metrics } = this.#parts;
    const change = { hive_id: id, was, status, why };
    log.info(change, `hive ${status}`);
    events.publish("status", change);
    metrics.statusChanges.add(status);
  }

  async #read(sight: Sight): Promise<HiveStatus | undefined> {
    const { catalog, fleet, clock, log } = this.#parts;
    const readAtMs = clock.monotonicNow();
    try {
      const record = await catalog.getHive(sight.id);
      if (record === undefined) {
        throw new HiveCatalogError("HIVE_NOT_FOUND", `There is no hive "${sight.id}"`, { hiveId: sight.id });
      }
      fleet.learn(record, readAtMs);
      return record.status;
    } catch (error) {
      if (!(error instanceof HiveCatalogError && error.code === "CORRUPT_HIVE")) throw error;
      fleet.learnDamaged(sight.id);
      log.warn({ hive_id: sight.id, err: error }, "the record of this hive is damaged, so its status is left as it is");
      return undefined;
    }
  }

  async #write(sight: Sight, was: HiveStatus, status: HiveStatus, why: string): Promise<void> {
    await this.#parts.catalog.updateHiveStatus(sight.id, status);
    if (sight.status === status) return;
    this.#parts.fleet.setStatus(sight, status);
    this.announceChange(sight.id, was, status, why);
  }

  /** While the mark is on its way the status is not sure: a beat that comes in between looks into the catalog itself. */
  async #markOffline(sight: Sight, was: HiveStatus, why: string): Promise<void> {
    const { catalog, fleet } = this.#parts;
    fleet.setStatus(sight, undefined);
    const changed = await catalog.markOffline(sight.id, this.#notBeatSinceMs(sight));
    if (!changed) return;
    if (sight.status === undefined) fleet.setStatus(sight, "offline");
    this.announceChange(sight.id, was, "offline", why);
  }

  /** A beat later than the one that is known to be stale was taken by another queen, and wins. */
  #notBeatSinceMs({ heartbeatMs }: Sight): number {
    const { clock, staleAfterMs } = this.#parts;
    return Math.max(0, clock.now() - staleAfterMs, (heartbeatMs ?? 0) + 1);
  }
}
