/** One of several processes that write to one catalog at once. Prints "ready", starts at the first line, prints "done". */
import { once } from "node:events";
import { plain } from "../../src/drivers/client.ts";
import { FileClient } from "../../src/drivers/file/client.ts";
import { HiveCatalog } from "../../src/index.ts";

const [path = "", name = "", rounds = "0"] = process.argv.slice(2);
const catalog = await HiveCatalog.open(path, { busyTimeoutMs: 30_000 });
const counter = new FileClient({ target: path, path, busyTimeoutMs: 30_000 });
console.log("ready");
await once(process.stdin, "data");

for (let round = 0; round < Number(rounds); round++) {
  const id = `${name}-${round}`;
  await catalog.addHive({ id, host: "127.0.0.1", port: 8600 });
  const [incremented] = await Promise.all([
    counter.execute(plain("UPDATE counter SET n = n + 1")),
    catalog.updateHeartbeat(id, 1_000 + round),
    catalog.updateHeartbeat("shared", 1_000 + round),
    catalog.patchHive(id, { port: 1 + round }),
  ]);
  if (incremented.rowsAffected !== 1) throw new Error("an increment changed no row");
  if (round % 10 === 9) await catalog.removeHive(id);
}

counter.close();
await catalog.close();
console.log("done");
process.exit(0);
