/** Makes changes on a disk that may fail, three or as many as it is told, says what became of each, and is killed. */
import { writeSync } from "node:fs";
import { HiveCatalog, type HiveCatalogError } from "../../src/index.ts";
import { aHive } from "../../src/testing.ts";

const [path = "", count = "3"] = process.argv.slice(2);
const catalog = await HiveCatalog.open(path);
const told = (change: Promise<unknown>) =>
  change.then(
    () => writeSync(1, "stored\n"),
    ({ code, message }: HiveCatalogError) => writeSync(1, `${code} ${message}\n`),
  );
const changes = [
  () => catalog.updateHeartbeat("hive-1", 5),
  () => catalog.addHive(aHive({ id: "hive-2" })),
  () => catalog.patchHive("hive-1", { port: 7 }),
];
for (const change of changes.slice(0, Number(count))) await told(change());
process.kill(process.pid, "SIGKILL");
