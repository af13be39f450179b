/** Adds hives to a catalog, one at a time, until its -wal was folded into the file, and prints how many were acknowledged. */
import { HiveCatalog } from "../../src/index.ts";

/** SQLite folds a -wal of 1,000 pages, and tries again with each commit; each of these takes three or more. */
const HIVES = 500;

const [path = ""] = process.argv.slice(2);
const catalog = await HiveCatalog.open(path);
for (let index = 0; index < HIVES; index++)
  await catalog.addHive({ id: `hive-${index}`, host: "127.0.0.1", port: 8600 });
console.log(HIVES);
process.exit(0);
