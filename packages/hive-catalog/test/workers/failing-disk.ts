/** Makes three changes on a disk that may fail, says what became of each, and is killed. */
import { writeSync } from "node:fs";
import { HiveCatalog, type HiveCatalogError } from "../../src/index.ts";
import { aHive } from "../../src/testing.ts";

const [path = ""] = process.argv.slice(2);
const catalog = await HiveCatalog.open(path);
const told = (change: Promise<unknown>) =>
  change.then(
    () => writeSync(1, "stored\n"),
    ({ code, message }: HiveCatalogError) => writeSync(1, `${code} ${message}\n`),
  );
await told(catalog.updateHeartbeat("hive-1", 5));
await told(catalog.addHive(aHive({ id: "hive-2" })));
await told(catalog.patchHive("hive-1", { port: 7 }));
process.kill(process.pid, "SIGKILL");
