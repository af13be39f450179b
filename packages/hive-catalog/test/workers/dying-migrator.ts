/**
 * Migrates the catalog that it is given, and kills itself with SIGKILL before the statement of that number, the COMMIT counted too.
 * Prints "done" when the migration has fewer statements.
 */
import type { InStatement } from "@libsql/client";
import { EmbeddedClient } from "../../src/drivers/file/client.ts";
import { migrate } from "../../src/sql/migrations.ts";

const [path = "", number = "0"] = process.argv.slice(2);
let statementsLeft = Number(number);

class DyingClient extends EmbeddedClient {
  override async execute(...args: Parameters<EmbeddedClient["execute"]>) {
    dieInTime();
    return super.execute(...args);
  }

  override async transaction() {
    dieInTime();
    const transaction = await super.transaction("write");
    const execute = transaction.execute.bind(transaction);
    transaction.execute = async (statement: InStatement) => {
      dieInTime();
      return execute(statement);
    };
    const commit = transaction.commit.bind(transaction);
    transaction.commit = async () => {
      dieInTime();
      return commit();
    };
    return transaction;
  }
}

function dieInTime(): void {
  if (statementsLeft === 0) process.kill(process.pid, "SIGKILL");
  statementsLeft--;
}

const client = new DyingClient({ target: path, path, busyTimeoutMs: 5000 });
await client.execute("PRAGMA journal_mode = WAL");
await migrate(client);
dieInTime();
console.log("done");
