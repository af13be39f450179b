/**
 * Migrates the catalog that it is given, and kills itself with SIGKILL before the statement of that number, the COMMIT counted too.
 * Prints "done" when the migration has fewer statements.
 */
import { plain } from "../../src/drivers/client.ts";
import { FileClient } from "../../src/drivers/file/client.ts";
import { migrate } from "../../src/sql/migrations.ts";

const [path = "", number = "0"] = process.argv.slice(2);
let statementsLeft = Number(number);

class DyingClient extends FileClient {
  override async execute(...args: Parameters<FileClient["execute"]>) {
    dieInTime();
    return super.execute(...args);
  }

  override async transaction() {
    dieInTime();
    const transaction = await super.transaction();
    return {
      ...transaction,
      execute: async (...args: Parameters<typeof transaction.execute>) => {
        dieInTime();
        return transaction.execute(...args);
      },
      commit: async () => {
        dieInTime();
        return transaction.commit();
      },
    };
  }
}

function dieInTime(): void {
  if (statementsLeft === 0) process.kill(process.pid, "SIGKILL");
  statementsLeft--;
}

const client = new DyingClient({ target: path, path, busyTimeoutMs: 5000 });
await client.execute(plain("PRAGMA journal_mode = WAL"));
await migrate(client);
dieInTime();
console.log("done");
