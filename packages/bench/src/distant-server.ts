import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { HiveCatalog } from "@repo/hive-catalog";
import { BUSY_MS, beBusy } from "./harness/busy.ts";
import { startServer } from "./harness/child.ts";
import { hiveId, makeFleet } from "./harness/fleet.ts";
import { callInLoops, inTurn } from "./harness/measure.ts";
import { absolute, type Benchmark } from "./harness/result.ts";

const SCRIPT = fileURLToPath(new URL("./distant-server-child.ts", import.meta.url));
const HIVES = 1000;
const ONE_WAY_MS = 25;
const CALLERS = 4;
const DURATION_MS = 4000;

export const distantServer: Benchmark = {
  name: "distant-server",
  async run({ folder, quick, progress }) {
    progress(`a server ${2 * ONE_WAY_MS} ms away`);
    const path = join(folder, "distant-server.db");
    await makeFleet(path, { size: HIVES, devices: "kinds", nowMs: Date.now() });
    const server = await startServer({
      command: process.execPath,
      args: [SCRIPT, path, String(ONE_WAY_MS)],
      ready: /"port":(\d+)/,
    });
    try {
      let commits = 0;
      let beats = 0;
      await using catalog = await HiveCatalog.open(`http://127.0.0.1:${server.port}`, { onCommit: () => commits++ });
      const commitsOfRound = async () => {
        const before = commits;
        const otherWork = beBusy();
        await callInLoops(CALLERS, DURATION_MS, () => catalog.updateHeartbeat(hiveId(beats++ % HIVES), Date.now()));
        otherWork.end();
        return commits - before;
      };
      const { ours } = await inTurn({ ours: commitsOfRound }, { rounds: quick ? 1 : 5, warmUp: 0 });
      return [
        absolute({
          point: 9,
          what: `commits of heartbeats in ${DURATION_MS / 1000} s on a server ${2 * ONE_WAY_MS} ms away`,
          meaning: `${CALLERS} callers that each wait for their answer, while other work takes ${BUSY_MS} ms of every turn of the event loop. A way there and back for each commit would make ${DURATION_MS / (2 * ONE_WAY_MS)}: nothing else should take long.`,
          unit: "",
          ours,
          limit: { atLeast: 50 },
          note: `${beats} beats`,
        }),
      ];
    } finally {
      await server.stop();
    }
  },
};
