import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's folder. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The path of a file, which is given as seen from there. */
export const pathOf = (name) => join(ROOT, name);

/** Whether a file belongs to an installed package, and not to this repository. */
export const isInstalled = (path) => path.includes("/node_modules/");

export const hashOf = (text) => createHash("sha256").update(text).digest("hex");

/** The hash of a file, or undefined where it is gone. */
export function hashOfFile(path) {
  try {
    return hashOf(readFileSync(path));
  } catch {
    return undefined;
  }
}
