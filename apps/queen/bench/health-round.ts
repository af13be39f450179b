import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";
import { absolute, type Benchmark, fillFleet, migrateFleet, runScript } from "@repo/hive-catalog/bench";
import type { RoundSeen } from "./health-round-child.ts";

const POINT = 5;
const SCRIPT = new URL("./health-round-child.ts", import.meta.url);

export const healthRound: Benchmark = {
  name: "health-round",
  async run({ folder, quick, progress }) {
    const hives = quick ? 1000 : 10_000;
    progress(`health round and sweep of ${hives} hives`);
    const path = join(folder, "health-round.db");
    const answering = createServer((_, response) => response.end("{}")).listen(0, "127.0.0.1");
    await once(answering, "listening");
    const address = answering.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    await migrateFleet(path);
    await fillFleet(path, { size: hives, devices: "kinds", nowMs: Date.now(), host: "127.0.0.1", port });
    try {
      const seen = await runScript<RoundSeen>(SCRIPT, [path]);
      const row = { point: POINT, unit: "ms", limit: { atMost: 20 } } as const;
      return [
        absolute({
          ...row,
          what: `longest stall of the event loop in a health round, ${hives} hives`,
          meaning: "Every hive is probed over HTTP and its status settled, while requests go on being answered.",
          ours: [seen.roundStallMs],
          note: `the round took ${(seen.roundMs / 1000).toFixed(1)} s`,
        }),
        absolute({
          ...row,
          what: `longest stall of the event loop when all ${hives} hives turn stale at once`,
          meaning: "The worst sweep there is: each hive's status is written, on disk.",
          ours: [seen.sweepStallMs],
          note: `${seen.wentOffline} hives went offline in ${(seen.sweepMs / 1000).toFixed(1)} s`,
        }),
      ];
    } finally {
      answering.closeAllConnections();
      answering.close();
    }
  },
};
