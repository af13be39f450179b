/** One of several processes that open one catalog at once. Prints "ready"; then opens the file that each line names, closes it and prints the count of hives. */
import { createInterface } from "node:readline";
import { HiveCatalog } from "../../src/index.ts";

const [id = ""] = process.argv.slice(2);
console.log("ready");
for await (const path of createInterface({ input: process.stdin })) {
  const catalog = await HiveCatalog.open(path, { busyTimeoutMs: 30_000 });
  await catalog.addHive({ id, host: "127.0.0.1", port: 8600 });
  const count = await catalog.countHives();
  await catalog.close();
  console.log(count);
}
