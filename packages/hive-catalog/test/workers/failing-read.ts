/** Has a read fail half way, for which the file is opened anew; makes three changes, and prints what became of each. */
import { plain } from "../../src/drivers/client.ts";
import { toCatalogError } from "../../src/drivers/errors.ts";
import { FileClient } from "../../src/drivers/file/client.ts";

const [path = ""] = process.argv.slice(2);
const client = new FileClient({ target: path, path, busyTimeoutMs: 0 });
await client.useWal();
await client.execute(plain("CREATE TABLE t (v)"));
const told = (sql: string) =>
  client.execute(plain(sql)).then(
    () => "done",
    (error: unknown) => toCatalogError(error).code,
  );
await told("SELECT json('{')");
const changes: string[] = [];
for (let change = 0; change < 3; change++) changes.push(await told("INSERT INTO t VALUES (1)"));
console.log(JSON.stringify(changes));
client.close();
