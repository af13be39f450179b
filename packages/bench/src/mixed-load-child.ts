/** Heartbeats, changes of status and reads at once, on the catalog of the module that is named. Prints JSON. */
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { hiveId, importCatalog } from "./harness/fleet.ts";
import { callInLoops, p99, spread } from "./harness/measure.ts";

/** Medians over the spells: what disturbs the machine for a moment would be the slowest hundredth of all. */
export type MixedLoadSeen = {
  beatsPerSecond: number;
  statusP99Ms: number;
  getP99Ms: number;
};

/** Half a second of load; the first one warms up. */
const SPELL_MS = 500;

const [module = "", path = "", hives = "", spells = ""] = process.argv.slice(2);
const { HiveCatalog } = await importCatalog(module);
const catalog = await HiveCatalog.open(path);
const size = Number(hives);
const id = (n: number) => hiveId((n * 7919) % size);
const status = (n: number) => (Math.floor(n / size) % 2 ? "online" : "offline");
let beat = 0;
let change = 0;
let read = 0;

await load();
const loads: MixedLoadSeen[] = [];
for (let n = 0; n < Number(spells); n++) loads.push(await load());
await catalog.close();
const median = (figure: keyof MixedLoadSeen) => spread(loads.map((one) => one[figure])).median;
const seen: MixedLoadSeen = {
  beatsPerSecond: median("beatsPerSecond"),
  statusP99Ms: median("statusP99Ms"),
  getP99Ms: median("getP99Ms"),
};
process.stdout.write(JSON.stringify(seen));

async function load(): Promise<MixedLoadSeen> {
  const [beats, statuses, reads] = await Promise.all([
    callInLoops(64, SPELL_MS, () => catalog.updateHeartbeat(id(beat++), Date.now())),
    callInLoops(8, SPELL_MS, () => catalog.updateHiveStatus(id(change), status(change++))),
    callInLoops(4, SPELL_MS, readInATurn),
  ]);
  return {
    beatsPerSecond: (beats.length / SPELL_MS) * 1000,
    statusP99Ms: p99(statuses),
    getP99Ms: p99(reads),
  };
}

/** As requests come: each waits until the event loop has time for it. A read that follows another one in the same turn would wait for nothing. */
async function readInATurn() {
  await turnOfTheLoop();
  return catalog.getHive(id(read++));
}
