import type { HiveStatus } from "@repo/hive-catalog";

/** What is stored of the fleet, which outlives the queens and is all that they know of each other. */
export class SimulatedCatalog {
  readonly status: HiveStatus[];
  /** Of the last stored beat, by the wall clock; NaN of a hive that never beat. */
  readonly beatMs: Float64Array;

  constructor(hives: number, wallMs: number) {
    this.status = new Array<HiveStatus>(hives).fill("online");
    this.beatMs = new Float64Array(hives).fill(wallMs);
  }

  heartbeatMs(hive: number): number | null {
    const beatMs = this.beatMs[hive] ?? Number.NaN;
    return Number.isNaN(beatMs) ? null : beatMs;
  }

  /** As the catalog does: not if a beat was stored that whoever marks does not know. Says whether it is marked. */
  markOffline(hive: number, knownBeatMs: number | null | undefined): boolean {
    if ((this.heartbeatMs(hive) ?? 0) > (knownBeatMs ?? 0)) return false;
    this.status[hive] = "offline";
    return true;
  }
}
