/**
 * Migrates the catalog that it is given, and kills itself with SIGKILL before the statement of that number, the COMMIT counted too.
 * Prints "done" when the migration has fewer statements.
 */
import { plain, type SqlStatement } from "../../src/drivers/client.ts";
import { FileClient } from "../../src/drivers/file/client.ts";
import { migrate } from "../../src/sql/migrations.ts";

const [path = "", number = "0"] = process.argv.slice(2);
let statementsLeft = Number(number);

class DyingClient extends FileClient {
  override async execute(...args: Parameters<FileClient["execute"]>) {
    dieInTime();
    return super.execute(...args);
  }

  override batch(...[statements, options]: Parameters<FileClient["batch"]>) {
    const dying = statements.with(0, statements[0] ?? plain("")) as SqlStatement[];
    dying.map = (run) => {
      const results = statements.map((statement, place) => {
        dieInTime();
        return run(statement, place, dying);
      });
      dieInTime();
      return results;
    };
    return super.batch(dying, options);
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
