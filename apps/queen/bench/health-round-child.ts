/** One health round and one sweep in a process of their own, with a clock that can be put forward. Prints JSON. */
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { HiveCatalog } from "@repo/hive-catalog";
import { systemClock } from "../src/process/clock.ts";
import { assembledQueen } from "./assembled-queen.ts";

export type RoundSeen = {
  roundMs: number;
  roundStallMs: number;
  sweepMs: number;
  sweepStallMs: number;
  wentOffline: number;
};

/** The monitor's own tick, which is in everything that it sees. */
const TICK_MS = 1;
const STALE_AFTER_MS = 60_000;
const HEALTH_INTERVAL_MS = 30_000;

const [path = ""] = process.argv.slice(2);
let aheadMs = 0;
const clock = {
  ...systemClock,
  now: () => Date.now() + aheadMs,
  monotonicNow: () => performance.now() + aheadMs,
  uptimeNow: () => performance.now() + aheadMs,
};
const catalog = await HiveCatalog.open(path, { now: clock.now });
const queen = assembledQueen({ catalog, clock, healthIntervalMs: HEALTH_INTERVAL_MS, staleAfterMs: STALE_AFTER_MS });
await delay(100);

const round = await stallOf(() => queen.watch.runRound());
// Nobody answers any more, and no beat comes.
const { fleet } = queen;
for (let passedMs = 0; passedMs <= 2 * STALE_AFTER_MS; passedMs += fleet.sweepIntervalMs) {
  aheadMs += fleet.sweepIntervalMs;
  const nowMs = clock.monotonicNow();
  const failed = { outcome: "failed", startedAtMs: nowMs, endedAtMs: nowMs, problem: undefined } as const;
  for (const sight of fleet.sights()) await fleet.probed(sight, failed);
}
// So many at once are held back until somebody says that it is true.
await queen.watch.sweep();
fleet.confirm();
const sweep = await stallOf(() => queen.watch.sweep());
const wentOffline = await catalog.countByStatus("offline");
await queen.stop();
await catalog.close();
const seen: RoundSeen = {
  roundMs: round.tookMs,
  roundStallMs: round.stallMs,
  sweepMs: sweep.tookMs,
  sweepStallMs: sweep.stallMs,
  wentOffline,
};
process.stdout.write(JSON.stringify(seen));

async function stallOf(work: () => Promise<void>): Promise<{ tookMs: number; stallMs: number }> {
  const stalls = monitorEventLoopDelay({ resolution: TICK_MS });
  stalls.enable();
  const startedMs = performance.now();
  await work();
  const tookMs = performance.now() - startedMs;
  stalls.disable();
  return { tookMs, stallMs: stalls.max / 1e6 - TICK_MS };
}
