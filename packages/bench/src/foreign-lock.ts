import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { HiveCatalog } from "@repo/hive-catalog";
import { BUSY_MS, beBusy } from "./harness/busy.ts";
import { runScript } from "./harness/child.ts";
import { beatAt, hiveId, makeFleet } from "./harness/fleet.ts";
import { inTurn } from "./harness/measure.ts";
import { absolute, type Benchmark } from "./harness/result.ts";

const SCRIPT = new URL("./foreign-lock-child.ts", import.meta.url);
const HIVES = 1000;
const HOLD_MS = 2000;
/** Long after the first beat met the lock, long before the lock comes free. */
const SECOND_AFTER_MS = 100;

export const foreignLock: Benchmark = {
  name: "foreign-lock",
  async run({ folder, quick, progress }) {
    progress("heartbeats that meet the lock of another process");
    const path = join(folder, "foreign-lock.db");
    await makeFleet(path, { size: HIVES, devices: "kinds" });
    const catalog = await HiveCatalog.open(path, { now: () => beatAt });
    const { ours } = await inTurn(
      { ours: () => secondBeatAnsweredS(catalog, path) },
      { rounds: quick ? 1 : 3, warmUp: 0 },
    );
    await catalog.close();
    return [
      absolute({
        point: 9,
        what: `the second of two heartbeats that meet a lock, which another process holds for ${HOLD_MS / 1000} s`,
        meaning: `From the lock to the answer, while other work takes ${BUSY_MS} ms of every turn of the event loop. The second beat comes while the first one waits: what waits for a lock must not wait as long once more.`,
        unit: "s",
        ours,
        limit: { atMost: 2.3 },
      }),
    ];
  },
};

async function secondBeatAnsweredS(catalog: HiveCatalog, path: string): Promise<number> {
  let holding: Promise<unknown> | undefined;
  await new Promise((locked, failed) => {
    holding = runScript(SCRIPT, [path, String(HOLD_MS)], { onProgress: locked });
    holding.catch(failed);
  });
  const lockedMs = performance.now();
  const otherWork = beBusy();
  const first = catalog.updateHeartbeat(hiveId(1), beatAt);
  await delay(SECOND_AFTER_MS);
  await catalog.updateHeartbeat(hiveId(2), beatAt);
  const answeredMs = performance.now();
  otherWork.end();
  await first;
  await holding;
  return (answeredMs - lockedMs) / 1000;
}
