/** Makes one change after the other, then a group of heartbeats, and says on stdout before each that it begins and after each that it was answered. */
import { writeSync } from "node:fs";
import { HiveCatalog } from "../../src/index.ts";
import { aHive } from "../../src/testing.ts";

const GROUP = 50;
const DEVICES = { cpu: null, gpus: [] };

const [path = ""] = process.argv.slice(2);
const catalog = await HiveCatalog.open(path);
const ids = Array.from({ length: GROUP }, (_, index) => `hive-${index}`);
for (const id of ids) await catalog.addHive(aHive({ id }));

const CHANGES: [string, () => Promise<unknown>][] = [
  ["addHive", () => catalog.addHive(aHive({ id: "new" }))],
  ["updateHive", () => catalog.updateHive(aHive({ id: "new", port: 7 }))],
  ["patchHive", () => catalog.patchHive("new", { port: 8 })],
  ["updateHiveStatus", () => catalog.updateHiveStatus("new", "online")],
  ["markOffline", () => catalog.markOffline("new", 1)],
  ["updateDevices", () => catalog.updateDevices("new", DEVICES)],
  ["updateHeartbeat", () => catalog.updateHeartbeat("new", 5)],
  ["removeHive", () => catalog.removeHive("new")],
];
for (const [name, change] of CHANGES) {
  writeSync(1, `begin ${name}\n`);
  await change();
  writeSync(1, `answered ${name}\n`);
}
writeSync(1, "begin group\n");
await Promise.all(ids.map((id) => catalog.updateHeartbeat(id, 9).then(() => writeSync(1, "answered group\n"))));
process.exit(0);
