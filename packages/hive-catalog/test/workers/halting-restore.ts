/** Restores a backup over a catalog. Prints "halted" before each removal or renaming of a file, and waits for a line; prints "done" at the end. */
import { readSync, writeSync } from "node:fs";
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

const [backup = "", path = ""] = process.argv.slice(2);

function halting<Args extends unknown[], Result>(call: (...args: Args) => Result): (...args: Args) => Result {
  return (...args) => {
    writeSync(1, "halted\n");
    readSync(0, Buffer.alloc(16));
    return call(...args);
  };
}

fs.rename = halting(fs.rename);
fs.rm = halting(fs.rm);
syncBuiltinESMExports();

const { restoreCatalog } = await import("../../src/maintenance.ts");
await restoreCatalog(backup, path, { force: true });
writeSync(1, "done\n");
