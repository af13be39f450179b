import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Makes a folder of what `fill` puts into an empty one, in the place of the one that is there: nobody finds half of it, and two at once do no
 * harm. When `fill` throws, what is there stays.
 */
export async function makeFolder(place, fill) {
  const workshop = mkdtempSync(join(dirname(place), ".build-"));
  const [made, before] = [join(workshop, "made"), join(workshop, "before")];
  try {
    await fill(made);
    while (!rename(made, place, "ENOTEMPTY")) {
      rmSync(before, { recursive: true, force: true });
      rename(place, before, "ENOENT");
    }
  } finally {
    rmSync(workshop, { recursive: true });
  }
}

/** Whether that could be done; `code` says why it may not. */
export function rename(from, to, code) {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (error.code === code) return false;
    throw error;
  }
}
