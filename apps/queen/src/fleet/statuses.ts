import type { HiveCatalog, HiveStatus } from "@repo/hive-catalog";
import type { Clock } from "../process/clock.ts";
import { isCatalogError } from "../process/errors.ts";
import type { Announcer } from "./announcer.ts";
import type { Verdict } from "./liveness/judge.ts";
import type { Liveness } from "./liveness/liveness.ts";
import type { Sight } from "./liveness/sight.ts";

interface Parts {
  catalog: HiveCatalog;
  liveness: Liveness;
  announcer: Announcer;
  clock: Clock;
  /** Reads the record of a hive whose status is not sure, and learns from it; undefined when it is damaged. */
  read: (sight: Sight) => Promise<HiveStatus | undefined>;
}

/** Brings the stored status of a hive in line with what the liveness rules say; writes only what changes. */
export class StatusKeeper {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Throws HiveCatalogError: HIVE_NOT_FOUND when the hive was removed meanwhile. */
  async settle(sight: Sight): Promise<void> {
    if (sight.damaged) return;
    const { liveness, clock, read } = this.#parts;
    const status = sight.status ?? (await read(sight));
    if (status === undefined) return;
    const verdict = liveness.judge(sight, status, clock.monotonicNow());
    if (verdict.status === status) return;
    if (verdict.status === "offline") await this.#markOffline(sight, status, verdict);
    else await this.#write(sight, status, verdict);
  }

  async #write(sight: Sight, was: HiveStatus, verdict: Verdict): Promise<void> {
    const { catalog, liveness, announcer, clock } = this.#parts;
    await catalog.updateHiveStatus(sight.id, verdict.status).catch((error: unknown) => {
      if (isCatalogError(error, "CATALOG_OUTCOME_UNKNOWN")) liveness.unsure(sight, clock.monotonicNow());
      throw error;
    });
    if (sight.status === verdict.status) return;
    liveness.changed(sight, was, verdict, clock.monotonicNow());
    announcer.status(sight.id, was, verdict.status, verdict.why);
  }

  /** While the mark is on its way the status is not sure: a beat that comes in between looks into the catalog itself. */
  async #markOffline(sight: Sight, was: HiveStatus, verdict: Verdict): Promise<void> {
    const { catalog, liveness, announcer, clock } = this.#parts;
    liveness.unsure(sight, clock.monotonicNow());
    const changed = await catalog.markOffline(sight.id, this.#notBeatSinceMs(sight));
    if (!changed) return;
    liveness.markedOffline(sight, was, verdict, clock.monotonicNow());
    announcer.status(sight.id, was, "offline", verdict.why);
  }

  /** A beat later than the one that is known to be stale was taken by another queen, and wins. */
  #notBeatSinceMs({ heartbeatMs }: Sight): number {
    const { clock, liveness } = this.#parts;
    return Math.max(0, clock.now() - liveness.settings.staleAfterMs, (heartbeatMs ?? 0) + 1);
  }
}
