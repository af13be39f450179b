/** Migrates the catalog that it is given. Prints "halted" before each statement, the COMMIT counted too, and waits for a line; prints "done" at the end. */
import { readSync, writeSync } from "node:fs";
import { plain, type SqlStatement } from "../../src/drivers/client.ts";
import { FileClient } from "../../src/drivers/file/client.ts";
import { migrate } from "../../src/sql/migrations.ts";

const [path = ""] = process.argv.slice(2);

class HaltingClient extends FileClient {
  override async execute(...args: Parameters<FileClient["execute"]>) {
    halt();
    return super.execute(...args);
  }

  override batch(...[statements, options]: Parameters<FileClient["batch"]>) {
    const halting = statements.with(0, statements[0] ?? plain("")) as SqlStatement[];
    halting.map = (run) => {
      const results = statements.map((statement, place) => {
        halt();
        return run(statement, place, halting);
      });
      halt();
      return results;
    };
    return super.batch(halting, options);
  }
}

function halt(): void {
  writeSync(1, "halted\n");
  readSync(0, Buffer.alloc(16));
}

const client = new HaltingClient({ target: path, path, busyTimeoutMs: 5000 });
await client.execute(plain("PRAGMA journal_mode = WAL"));
await migrate(client);
halt();
writeSync(1, "done\n");
