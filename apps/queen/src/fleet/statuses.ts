import type { HiveStatus } from "@repo/hive-catalog";
import { isCatalogError, onCatalogError } from "../process/errors.ts";
import { inBatches } from "../process/turn.ts";
import type { Announcer } from "./announcer.ts";
import type { Liveness } from "./liveness/liveness.ts";
import type { Sight, Verdict } from "./liveness/sight.ts";
import type { FleetParts } from "./parts.ts";
import { readHive } from "./read-hive.ts";
import type { Records } from "./records.ts";
import type { Traits } from "./traits.ts";

interface Parts extends Pick<FleetParts, "catalog" | "clock" | "log" | "stopping"> {
  liveness: Liveness;
  announcer: Announcer;
  records: Records;
  traits: Traits;
  gone: (id: string) => void;
}

/** Hives that are lost, and judged before other work gets its turn. */
const SETTLED_PER_TURN = 100;

/** Brings the stored status of a hive in line with what the liveness rules say; writes only what changes. */
export class StatusKeeper {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Throws HiveCatalogError: HIVE_NOT_FOUND when the hive was removed meanwhile. */
  async settle(sight: Sight): Promise<void> {
    if (sight.damaged) return;
    const { liveness, clock } = this.#parts;
    const status = sight.status ?? (await this.#read(sight));
    if (status === undefined) return;
    const verdict = liveness.judge(sight, status, clock.monotonicNow());
    if (verdict.status === status) return;
    if (verdict.status === "offline") await this.#markOffline(sight, status, verdict);
    else await this.#write(sight, status, verdict);
  }

  /** The same, of a hive that may be gone. */
  async settleIfThere(sight: Sight): Promise<void> {
    await this.settle(sight).catch(onCatalogError("HIVE_NOT_FOUND", () => this.#parts.gone(sight.id)));
  }

  /** Of all these, until the queen stops. */
  async settleLost(lost: readonly Sight[]): Promise<void> {
    for await (const sights of inBatches(lost, SETTLED_PER_TURN)) {
      for (const sight of sights) {
        if (this.#parts.stopping.aborted) return;
        await this.settleIfThere(sight);
      }
    }
  }

  /** Undefined when the record is damaged, or the hive was forgotten meanwhile. */
  async #read(sight: Sight): Promise<HiveStatus | undefined> {
    const { id } = sight;
    const { catalog, liveness, clock, log, records } = this.#parts;
    const readAtMs = clock.monotonicNow();
    try {
      const record = await readHive(id, { catalog });
      if (liveness.sights.get(id) !== sight) return undefined;
      records.met(record, readAtMs);
      return record.status;
    } catch (error) {
      if (!isCatalogError(error, "CORRUPT_HIVE")) throw error;
      liveness.learnDamaged(id);
      log.warn({ hive_id: id, err: error }, "the record of this hive is damaged, so its status is left as it is");
      return undefined;
    }
  }

  async #write(sight: Sight, was: HiveStatus, verdict: Verdict): Promise<void> {
    const { catalog, liveness, announcer, clock } = this.#parts;
    const { statusChangedAtMs } = sight;
    const written = catalog.updateHiveStatus(sight.id, verdict.status).catch((error: unknown) => {
      if (isCatalogError(error, "CATALOG_OUTCOME_UNKNOWN")) liveness.unsure(sight, clock.monotonicNow());
      throw error;
    });
    await written.finally(() => this.#wrote(sight));
    if (sight.status === verdict.status) return;
    // Somebody else wrote it meanwhile, and nobody knows what is stored: the next sign has it read.
    if (sight.statusChangedAtMs !== statusChangedAtMs) return liveness.unsure(sight, clock.monotonicNow());
    liveness.changed(sight, was, verdict, clock.monotonicNow());
    announcer.status(sight.id, was, verdict.status, verdict.why);
  }

  /** While the mark is on its way the status is not sure: a beat that comes in between looks into the catalog itself. */
  async #markOffline(sight: Sight, was: HiveStatus, verdict: Verdict): Promise<void> {
    const { catalog, liveness, announcer, clock } = this.#parts;
    liveness.unsure(sight, clock.monotonicNow());
    // A beat later than the one that is known to be stale was taken by another queen, and wins.
    const notBeatSinceMs = Math.max(0, clock.now() - liveness.settings.staleAfterMs, (sight.heartbeatMs ?? 0) + 1);
    const changed = await catalog.markOffline(sight.id, notBeatSinceMs).finally(() => this.#wrote(sight));
    if (!changed || !liveness.markedOffline(sight, was, verdict, clock.monotonicNow())) return;
    announcer.status(sight.id, was, "offline", verdict.why);
  }

  /** It was written here, or may have been, unless it was forgotten meanwhile. */
  #wrote(sight: Sight): void {
    const { liveness, traits, clock } = this.#parts;
    if (liveness.sights.get(sight.id) === sight) traits.wrote(sight.id, clock.monotonicNow());
  }
}
