/** Backs a catalog up and kills itself half way, when a part of the copy is written. */
import { backupCatalog } from "../../src/maintenance.ts";

const [path = "", target = ""] = process.argv.slice(2);
await backupCatalog(path, target, {
  onProgress: ({ bytes }) => {
    if (bytes > 0) process.kill(process.pid, "SIGKILL");
  },
});
console.log("it was not killed");
