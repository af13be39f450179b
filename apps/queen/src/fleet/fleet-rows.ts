import type { Cordon, DamagedHive, HiveRecord, HiveStatus, Labels, OperationSummary } from "@repo/hive-catalog";
import { toWallMs } from "../process/clock.ts";
import { wholeTurn } from "../process/turn.ts";
import type { Fleet } from "./fleet.ts";
import { type Standing, whyNotOf } from "./hive-view.ts";
import { probationAt } from "./liveness/probation.ts";
import type { NotBeating, Rule } from "./liveness/sight.ts";
import type { FleetParts } from "./parts.ts";
import { type Said, SaidOnce } from "./said.ts";
import type { HiveState } from "./workers/registry.ts";

/** All that is shown of a hive in a list. Times are by the wall clock; what is not known is null, and never 0. */
export interface FleetRow {
  readonly hive: HiveRecord;
  readonly labels: Labels;
  readonly status: {
    readonly value: HiveStatus;
    readonly rule: Rule;
    readonly why: string;
    /** Null of one that it had when the queen started. */
    readonly sinceMs: number | null;
  };
  /** Why none of its workers could be given work now, in words; null when one could. */
  readonly whyNot: string | null;
  readonly beatAgeMs: number | null;
  /** Why its beats do not arrive although it is online; null while they do. */
  readonly notBeating: NotBeating | null;
  readonly unreachableSinceMs: number | null;
  readonly cordon: Cordon | null;
  /** Null when it is on none. */
  readonly probationUntilMs: number | null;
  /** The same object until another heartbeat, or other devices, say otherwise. */
  readonly said: Said;
  /** The newest, whether it runs or has ended. */
  readonly lastOperation: OperationSummary | null;
}

interface Parts extends Pick<FleetParts, "catalog" | "clock"> {
  fleet: Fleet;
}

/** GPUs and workers that are scanned before other work gets its turn: most hives have a few of them, and some have thousands. */
const SCANNED_PER_TURN = 5000;

/** Makes rows of hives, from what the catalog and the memories of the queen know. */
export class FleetRows {
  readonly #parts: Parts;
  readonly #said = new SaidOnce();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The rows of up to 1,000 hives, by their ids. One that is not in it is in the catalog no more, or told as damaged. Rejects with HiveCatalogError. */
  async read(
    ids: readonly string[],
    onCorruptHive?: (damaged: DamagedHive) => void,
  ): Promise<ReadonlyMap<string, FleetRow>> {
    const readAtMs = this.#parts.clock.monotonicNow();
    const hives = await this.#parts.catalog.getHives(ids, { onCorruptHive });
    return this.of(hives, readAtMs);
  }

  /** Those of hives that were read at `readAtMs`, a monotonic time, in their order, by their ids; without those that were removed since. Rejects with HiveCatalogError. */
  async of(hives: readonly HiveRecord[], readAtMs: number): Promise<ReadonlyMap<string, FleetRow>> {
    const { catalog, fleet } = this.#parts;
    // Before anything else is waited for: one that is removed meanwhile must not be met again.
    for (const hive of hives) fleet.meet(hive, readAtMs);
    const ids = hives.map(({ id }) => id);
    const [labels, operations] = await Promise.all([
      catalog.labels.ofHives(ids),
      catalog.operations.latestOf(ids),
      fleet.cordons.ready(),
    ]);
    const rows = new Map<string, FleetRow>();
    let scanned = 0;
    for (const hive of hives) {
      if (scanned > SCANNED_PER_TURN) {
        await wholeTurn();
        scanned = 0;
      }
      const standing = fleet.standing(hive);
      if (standing === undefined) continue;
      const heard = fleet.registry.get(hive.id);
      scanned += (1 + (heard?.workers.length ?? 0)) * (1 + (hive.devices?.gpus?.length ?? 0));
      const beside = { labels: labels.get(hive.id) ?? {}, lastOperation: operations.get(hive.id) ?? null };
      rows.set(hive.id, this.#row(hive, standing, heard, beside));
    }
    return rows;
  }

  /** Field by field: to spread what there is into it takes as long as all the rest. */
  #row(
    hive: HiveRecord,
    standing: Standing,
    state: HiveState | undefined,
    { labels, lastOperation }: Pick<FleetRow, "labels" | "lastOperation">,
  ): FleetRow {
    const { clock, fleet } = this.#parts;
    const nowMs = clock.monotonicNow();
    const { sight, rule, why } = standing;
    const last = sight.changes.at(-1);
    const cordon = fleet.cordons.get(hive.id) ?? null;
    const probation = probationAt(sight, nowMs);
    const heard = state?.live ? state : undefined;
    const { said, whyNoWork } = this.#said.of(hive, heard);
    const wallMs = (atMs: number | undefined) => (atMs === undefined ? null : toWallMs(atMs, clock));
    return {
      hive,
      labels,
      status: { value: hive.status, rule, why, sinceMs: last?.status === hive.status ? wallMs(last.atMs) : null },
      whyNot: whyNotOf(hive, standing, { cordon, probation, ofWorkers: whyNoWork }),
      beatAgeMs: sight.beatAtMs === undefined ? null : Math.round(nowMs - sight.beatAtMs),
      notBeating: fleet.notBeating(sight),
      unreachableSinceMs: wallMs(sight.unreachableSinceMs),
      cordon,
      probationUntilMs: wallMs(probation?.untilMs),
      said,
      lastOperation,
    };
  }
}
