import { join } from "node:path";
import { absolute, type Benchmark, makeFleet, runScript, spread, worstOf } from "@repo/bench";
import type { RoundSeen } from "./health-round-child.ts";
import { startAnsweringHives } from "./servers.ts";

const POINT = 5;
/** What stalls a shared machine for a moment must not pass for the queen's own doing. */
const RUNS = 7;
const SCRIPT = new URL("./health-round-child.ts", import.meta.url);

export const healthRound: Benchmark = {
  name: "health-round",
  async run({ folder, quick, progress }) {
    const hives = quick ? 1000 : 10_000;
    const answering = await startAnsweringHives();
    try {
      const seen: RoundSeen[] = [];
      for (let run = 0; run < (quick ? 1 : RUNS); run++) {
        progress(`health round and sweep of ${hives} hives, run ${run + 1}`);
        const fleet = join(folder, `health-round-${run}.db`);
        await makeFleet(fleet, {
          size: hives,
          devices: "kinds",
          nowMs: Date.now(),
          host: "127.0.0.1",
          port: answering.port,
        });
        seen.push(await runScript<RoundSeen>(SCRIPT, [fleet]));
      }
      const median = (figure: (run: RoundSeen) => number) => spread(seen.map(figure)).median;
      const row = { point: POINT, unit: "ms", limit: { atMost: 20 } } as const;
      return [
        absolute({
          ...row,
          what: `longest stall of the event loop in a health round, ${hives} hives`,
          meaning:
            "Every hive is probed over HTTP and its status settled, while requests go on being answered. The hives, which are other machines, take no time of the queen's: their stand-in runs while she is idle (`chrt --idle`).",
          ours: seen.map(({ roundStallMs }) => roundStallMs),
          note: `${worstOf(seen.map(({ roundStallMs }) => roundStallMs))}; the round took ${(median(({ roundMs }) => roundMs) / 1000).toFixed(1)} s`,
        }),
        absolute({
          ...row,
          what: `longest stall of the event loop when all ${hives} hives turn stale at once`,
          meaning: "The worst sweep there is: each hive's status is written, on disk.",
          ours: seen.map(({ sweepStallMs }) => sweepStallMs),
          note: `${worstOf(seen.map(({ sweepStallMs }) => sweepStallMs))}; ${median(({ wentOffline }) => wentOffline)} hives went offline in ${(median(({ sweepMs }) => sweepMs) / 1000).toFixed(1)} s`,
        }),
      ];
    } finally {
      await answering.stop();
    }
  },
};
