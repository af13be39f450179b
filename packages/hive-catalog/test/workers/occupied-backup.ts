/** Backs a catalog up into a file that somebody else makes while the copy is made. Prints the code of the refusal. */
import { writeFileSync } from "node:fs";
import { backupCatalog } from "../../src/maintenance.ts";

const [path = "", target = ""] = process.argv.slice(2);
const onProgress = () => writeFileSync(target, "somebody else's");
const code = await backupCatalog(path, target, { onProgress }).then(
  () => "none",
  (error: { code: string }) => error.code,
);
console.log(code);
