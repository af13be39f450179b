// Opens a catalog, adds a hive and says so. After a line it says what a change is refused with, closes, and comes to its end by itself.
import { once } from "node:events";
import { HiveCatalog, HiveCatalogError } from "../../src/index.ts";
import { aHive } from "../../src/testing.ts";

const catalog = await HiveCatalog.open(process.argv[2] ?? "");
await catalog.addHive(aHive({ id: "a" }));
console.log("open");
await once(process.stdin, "data");
process.stdin.destroy();
const refusal = await catalog.removeHive("a").catch((error: unknown) => error);
await catalog.close();
console.log(refusal instanceof HiveCatalogError ? refusal.code : String(refusal));
// Whoever listens later than the catalog is heard, too.
process.on("exit", () => {
  process.exitCode = 7;
});
