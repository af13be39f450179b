/** Backs a catalog up in a process of its own, which takes heartbeats meanwhile, as a queen's would. Prints JSON. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { HiveCatalog } from "@repo/hive-catalog";
import { backupCatalog } from "@repo/hive-catalog/maintenance";
import { beatAt, hiveId } from "./harness/fleet.ts";

export type BackedUp = {
  hives: number;
  tookMs: number;
  bytes: number;
  reports: number;
  beats: number;
  longestStallMs: number;
};

const BEAT_PAUSE_MS = 2;
/** The monitor's own tick, which is in everything that it sees. */
const TICK_MS = 1;

const [path = "", target = ""] = process.argv.slice(2);
const catalog = await HiveCatalog.open(path, { now: () => beatAt });
await catalog.updateHeartbeat(hiveId(0), beatAt);
await delay(100);

const stalls = monitorEventLoopDelay({ resolution: TICK_MS });
stalls.enable();
let reports = 0;
let running = true;
const backingUp = backupCatalog(path, target, { onProgress: () => void reports++ }).finally(() => {
  running = false;
});
let beats = 0;
for (; running; beats++) {
  await catalog.updateHeartbeat(hiveId((beats * 7919) % 1000), beatAt + beats);
  await delay(BEAT_PAUSE_MS);
}
const { hives, bytes, durationMs: tookMs } = await backingUp;
stalls.disable();
await catalog.close();
const backedUp: BackedUp = { hives, tookMs, bytes, reports, beats, longestStallMs: stalls.max / 1e6 - TICK_MS };
process.stdout.write(JSON.stringify(backedUp));
