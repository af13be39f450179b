/** One of several processes that open one catalog at once. Prints "ready", opens at the first line, prints the count of hives. */
import { once } from "node:events";
import { HiveCatalog } from "../../src/index.ts";

const [path = "", id = ""] = process.argv.slice(2);
console.log("ready");
await once(process.stdin, "data");
const catalog = await HiveCatalog.open(path, { busyTimeoutMs: 30_000 });
await catalog.addHive({ id, host: "127.0.0.1", port: 8600 });
console.log(await catalog.countHives());
await catalog.close();
process.exit(0);
