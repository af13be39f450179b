import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { platformText, thisPlatform } from "./platform.js";

const MANIFEST = "package.json";
/** What a program does without. */
const SPARE = /^README\.md$|\.map$/;

/** How many bytes each file of dist/ has that its programs need. */
export function sizesIn(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => relative(folder, join(parentPath, name))).toSorted();
  return Object.fromEntries(
    paths.filter((path) => !SPARE.test(path)).map((path) => [path, sizeOf(join(folder, path))]),
  );
}

/** In dist/, before its binary is loaded: ends the process where a file is not as it was built, or the build is for another platform. */
export function checkOwnFolder() {
  const folder = dirname(fileURLToPath(import.meta.url));
  const manifest = manifestIn(folder);
  const unlike = manifest === undefined ? MANIFEST : firstUnlike(folder, manifest.sizes);
  if (unlike !== undefined) {
    end(
      1,
      `${join(folder, unlike)} is not there, cut short, or of another version than its folder: copy dist/ as a whole`,
    );
  }
  const [made, here] = [platformText(manifest), platformText(thisPlatform())];
  if (made !== here) end(2, `this build is for ${made}, and here is ${here}: build it on such a machine`);
}

function manifestIn(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, MANIFEST), "utf8"));
  } catch {
    return undefined;
  }
}

const firstUnlike = (folder, sizes) => Object.keys(sizes).find((path) => sizeOf(join(folder, path)) !== sizes[path]);

const sizeOf = (path) => statSync(path, { throwIfNoEntry: false })?.size;

function end(code, sentence) {
  process.stderr.write(`${basename(process.argv[1], ".js")}: ${sentence}\n`);
  process.exit(code);
}
