// What stands in dist/ in the place of page.js: the files that were made with it.
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where they are, as seen from the program. */
export const PAGE = "assets/page";

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), PAGE);

let reading;

export function readPage() {
  reading ??= readFiles();
  reading.catch(() => {
    reading = undefined;
  });
  return reading;
}

async function readFiles() {
  const names = await readdir(FOLDER);
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(FOLDER, name))])));
}

// At the start: an update may take them away, or put others there, while she runs.
void readPage();
