// Bundles that are made on demand and never are of older sources: in each stand the hashes of all that it was made of.
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { basename, extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { rename } from "./folders.js";
import { hashOf, hashOfFile, ROOT } from "./repository.js";

const CACHE = join(ROOT, "node_modules", ".cache", "bundles");
const HASHES = "hashes.json";
/** What decides beside a program's own sources what becomes of them: how bundles are made, and what is installed. */
const COMMON = [
  "scripts/build/bundle.js",
  "scripts/build/esbuild.js",
  "scripts/build/cache.js",
  "node_modules/.pnpm/lock.yaml",
];
/** A bundle that nothing used for so long is removed when another is made. */
const KEPT_MS = 24 * 60 * 60_000;

/** In the repository, programs in TypeScript are bundled, and everything else is taken from where it stands. */
const SITE = {
  isProgram: (path) => path.endsWith(".ts"),
  refer: (path) => `new URL(${JSON.stringify(pathToFileURL(path))})`,
  options: { plugins: [{ name: "what stays where it is", setup: keepInPlace }] },
};

/** The file of a program's bundle, which is made if there is none of the sources as they are now. */
export async function bundleOf(source) {
  return join(await bundlesOf([source]), `${nameOf(source)}.js`);
}

/** The folder with the bundles of these programs, each by its name: to make many together takes little longer than to make one. */
export async function bundlesOf(sources) {
  mkdirSync(CACHE, { recursive: true });
  const programs = Object.fromEntries(sources.map((source) => [nameOf(source), resolve(source)]));
  const [name] = Object.keys(programs);
  const prefix = `${name}-${hashOf(Object.values(programs).join("\0")).slice(0, 8)}-`;
  const folder = findCurrent(prefix) ?? (await make(programs, prefix));
  noteUse(folder);
  // A program that runs for days may still read of it: the queen, the agent that she installs.
  setInterval(noteUse, KEPT_MS / 4, folder).unref();
  return folder;
}

const nameOf = (source) => basename(source, extname(source));

/** Another user than the one who made it may use it all the same, also when somebody has emptied the cache meanwhile. */
function noteUse(folder) {
  const now = new Date();
  try {
    utimesSync(folder, now, now);
  } catch (error) {
    if (error.code !== "EPERM" && error.code !== "ENOENT") throw error;
  }
}

function findCurrent(prefix) {
  const seen = new Map();
  const isAsBefore = ([path, hash]) => {
    if (!seen.has(path)) seen.set(path, hashOfFile(path));
    return seen.get(path) === hash;
  };
  const isCurrent = (folder) => hashesOf(folder).every(isAsBefore);
  return cached().find((folder) => basename(folder).startsWith(prefix) && isCurrent(folder));
}

/** Made under a name of its own, a bundle gets its name as a whole: nobody finds half of it, and two at once do no harm. */
async function make(programs, prefix) {
  const making = mkdtempSync(join(CACHE, "making-"));
  try {
    const common = COMMON.map((name) => join(ROOT, name)).map((path) => [path, hashOfFile(path)]);
    // Only now: esbuild takes as long to load as a program to start.
    const { bundle } = await import("./bundle.js");
    const hashes = JSON.stringify(Object.fromEntries([...common, ...(await bundle(programs, making, SITE))]));
    writeFileSync(join(making, HASHES), hashes);
    // Below node_modules, no other package.json says so.
    writeFileSync(join(making, "package.json"), '{ "type": "module" }');
    // Whoever may read the sources may run what they become.
    chmodSync(making, 0o755);
    const made = join(CACHE, prefix + hashOf(hashes).slice(0, 16));
    rename(making, made, "ENOTEMPTY");
    return made;
  } finally {
    rmSync(making, { recursive: true, force: true });
    removeOld();
  }
}

/** What a bundle was made of; something that is not there when it is being removed. */
function hashesOf(folder) {
  try {
    return Object.entries(JSON.parse(readFileSync(join(folder, HASHES), "utf8")));
  } catch {
    return [["removed", ""]];
  }
}

/** A bundle loses its name first: nobody finds half of it. */
function removeOld() {
  const isOld = (folder) => Date.now() - (statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Infinity) > KEPT_MS;
  for (const folder of cached().filter(isOld)) {
    const removing = join(CACHE, `removing-${basename(folder)}`);
    if (rename(folder, removing, "ENOENT")) rmSync(removing, { recursive: true, force: true });
  }
}

const cached = () => readdirSync(CACHE).map((name) => join(CACHE, name));

/** libsql finds its binary from there, and so does esbuild, which makes bundles. */
function keepInPlace({ onResolve }) {
  onResolve({ filter: /^libsql$/ }, ({ path, importer }) => ({
    path: createRequire(importer).resolve(path),
    external: true,
  }));
  onResolve({ filter: /\/scripts\/build\/[a-z]+\.js$/ }, ({ path, resolveDir }) => ({
    path: resolve(resolveDir, path),
    external: true,
  }));
}
