/** Heartbeats, changes of status and reads at once, on the catalog of the module that is named. Prints JSON. */
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { hiveId } from "./harness/fleet.ts";
import { callInLoops, p99 } from "./harness/measure.ts";

export type MixedLoadSeen = {
  beatsPerSecond: number;
  statusP99Ms: number;
  getP99Ms: number;
};

const WARM_UP_MS = 500;

const [module = "", path = "", hives = "", durationMs = ""] = process.argv.slice(2);
const { HiveCatalog } = (await import(module)) as typeof import("@repo/hive-catalog");
const catalog = await HiveCatalog.open(path);
const size = Number(hives);
const id = (n: number) => hiveId((n * 7919) % size);
const status = (n: number) => (Math.floor(n / size) % 2 ? "online" : "offline");
let beat = 0;
let change = 0;
let read = 0;

await load(WARM_UP_MS);
const { beats, statuses, reads } = await load(Number(durationMs));
await catalog.close();
const seen: MixedLoadSeen = {
  beatsPerSecond: (beats.length / Number(durationMs)) * 1000,
  statusP99Ms: p99(statuses),
  getP99Ms: p99(reads),
};
process.stdout.write(JSON.stringify(seen));

async function load(forMs: number) {
  const [beats, statuses, reads] = await Promise.all([
    callInLoops(64, forMs, () => catalog.updateHeartbeat(id(beat++), Date.now())),
    callInLoops(8, forMs, () => catalog.updateHiveStatus(id(change), status(change++))),
    callInLoops(4, forMs, readInATurn),
  ]);
  return { beats, statuses, reads };
}

/** As requests come: each waits until the event loop has time for it. A read that follows another one in the same turn would wait for nothing. */
async function readInATurn() {
  await turnOfTheLoop();
  return catalog.getHive(id(read++));
}
