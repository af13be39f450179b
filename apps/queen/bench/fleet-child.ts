/** A queen whose hives have beaten, and that tells at /stall how long her event loop stood still at most since she was asked last. Prints her port. */
import type { AddressInfo } from "node:net";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { createClient } from "@libsql/client";
import { hiveId } from "@repo/bench";
import { HiveCatalog } from "@repo/hive-catalog";
import { readHeartbeat } from "../src/http/routes/heartbeat.ts";
import { systemClock } from "../src/process/clock.ts";
import { assembledQueen } from "./assembled-queen.ts";
import { aHeartbeat } from "./heartbeats.ts";

/** The monitor's own tick, which is in everything that it sees. */
const TICK_MS = 1;
const DAY_MS = 86_400_000;
const WORKERS = 8;
const GPUS = 8;
const RACKS = 40;

const [path = "", hives = "0"] = process.argv.slice(2);
const database = createClient({ url: `file:${path}` });
await database.execute(
  `INSERT INTO hive_labels (hive_id, key, value) SELECT id, 'rack', 'r' || (rowid % ${RACKS}) FROM hives UNION ALL SELECT id, 'env', 'prod' FROM hives`,
);
database.close();
const catalog = await HiveCatalog.open(path);
const queen = assembledQueen({ catalog, clock: systemClock, healthIntervalMs: DAY_MS, staleAfterMs: DAY_MS });
for (let n = 0; n < Number(hives); n++) {
  const id = hiveId(n);
  const beat = readHeartbeat(JSON.parse(aHeartbeat(id, WORKERS, GPUS)));
  await queen.fleet.beat(beat, "127.0.0.1", Date.now(), 1);
}
const stalls = monitorEventLoopDelay({ resolution: TICK_MS });
queen.app.get("/stall", () => {
  const stallMs = stalls.max / 1e6 - TICK_MS;
  stalls.reset();
  stalls.enable();
  return { stallMs };
});
await queen.app.listen({ host: "127.0.0.1", port: 0 });
process.stdout.write(`${JSON.stringify({ port: (queen.app.server.address() as AddressInfo).port })}\n`);
