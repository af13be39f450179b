/** Asks a catalog for hive-0, hive-1, … as many as it is told, and prints how many it got, which codes of errors, and how many are not there. */
import { HiveCatalog, HiveCatalogError } from "../../src/index.ts";

const [path = "", hives = "0"] = process.argv.slice(2);
const catalog = await HiveCatalog.open(path);
const answers: Record<string, number> = {};
for (let index = 0; index < Number(hives); index++) {
  const found = await catalog.getHive(`hive-${index}`).catch((error: unknown) => error);
  const answer = found instanceof HiveCatalogError ? found.code : found === undefined ? "not there" : "found";
  answers[answer] = (answers[answer] ?? 0) + 1;
}
console.log(JSON.stringify(answers));
process.exit(0);
