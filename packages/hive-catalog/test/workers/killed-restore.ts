/** Restores a backup over a catalog and kills itself before its n-th removal or renaming of a file. Prints "done" if there are fewer. */
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

const [backup = "", path = "", lastStep = ""] = process.argv.slice(2);
let step = 0;

function counted<Args extends unknown[], Result>(call: (...args: Args) => Result): (...args: Args) => Result {
  return (...args) => {
    step++;
    if (step === Number(lastStep)) process.kill(process.pid, "SIGKILL");
    return call(...args);
  };
}

fs.rename = counted(fs.rename);
fs.rm = counted(fs.rm);
syncBuiltinESMExports();

const { restoreCatalog } = await import("../../src/maintenance.ts");
await restoreCatalog(backup, path, { force: true });
console.log("done");
