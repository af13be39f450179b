/** Adds one hive after the other to a catalog, hive-0, hive-1, … For each line of its input it tells how many were acknowledged. */
import { createInterface } from "node:readline";
import { HiveCatalog } from "../../src/index.ts";

const [path = ""] = process.argv.slice(2);
const catalog = await HiveCatalog.open(path, { busyTimeoutMs: 30_000 });
let acknowledged = 0;

async function addForever(): Promise<void> {
  for (;;) {
    await catalog.addHive({ id: `hive-${acknowledged}`, host: "127.0.0.1", port: 8600 });
    acknowledged++;
    // A local write holds the event loop: let the questions in.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

addForever().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
console.log("ready");
for await (const _line of createInterface({ input: process.stdin })) console.log(acknowledged);
