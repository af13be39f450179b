/** Adds the hives that it is given as JSON, prints "stored", and never closes the catalog. */
import { HiveCatalog, type NewHive } from "../../src/index.ts";

const [path = "", hives = "[]"] = process.argv.slice(2);
const catalog = await HiveCatalog.open(path);
for (const hive of JSON.parse(hives) as NewHive[]) await catalog.addHive(hive);
console.log("stored");
process.stdin.resume();
