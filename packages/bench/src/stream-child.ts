/** Streams a whole catalog in a process of its own, so that memory and event loop are the stream's alone. Prints JSON. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { HiveCatalog } from "@repo/hive-catalog";
import { beatAt, hiveId } from "./harness/fleet.ts";

export type Streamed = {
  hives: number;
  /** By the wall clock, to compare with another process. */
  startedAtMs: number;
  endedAtMs: number;
  tookMs: number;
  grownBytes: number;
  longestStallMs: number;
  beatsTookMs: number[];
};

const SAMPLE_MS = 20;
const BEAT_PAUSE_MS = 2;
/** The monitor's own tick, which is in everything that it sees. */
const TICK_MS = 1;

const [path = "", mode] = process.argv.slice(2);
const catalog = await HiveCatalog.open(path, { now: () => beatAt });
await catalog.listHives({ limit: 1000 });
await delay(100);

const before = process.memoryUsage.rss();
let highest = before;
const sampling = setInterval(() => {
  highest = Math.max(highest, process.memoryUsage.rss());
}, SAMPLE_MS);
const stalls = monitorEventLoopDelay({ resolution: TICK_MS });
stalls.enable();

let streaming = true;
const beating = mode === "with heartbeats" ? beat() : Promise.resolve([]);
const startedAtMs = Date.now();
const startedMs = performance.now();
let hives = 0;
for await (const hive of catalog.streamHives()) if (hive.id !== "") hives++;
const tookMs = performance.now() - startedMs;
const endedAtMs = Date.now();
streaming = false;
const beatsTookMs = await beating;

stalls.disable();
clearInterval(sampling);
await catalog.close();
const streamed: Streamed = {
  hives,
  startedAtMs,
  endedAtMs,
  tookMs,
  grownBytes: highest - before,
  longestStallMs: stalls.max / 1e6 - TICK_MS,
  beatsTookMs,
};
process.stdout.write(JSON.stringify(streamed));

async function beat(): Promise<number[]> {
  const took: number[] = [];
  for (let n = 0; streaming; n++) {
    const startedMs = performance.now();
    await catalog.updateHeartbeat(hiveId((n * 7919) % 100_000), beatAt + n);
    took.push(performance.now() - startedMs);
    await delay(BEAT_PAUSE_MS);
  }
  return took;
}
