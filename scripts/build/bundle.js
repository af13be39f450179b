// How TypeScript becomes what runs: one JavaScript file for each program, which carries everything that the program imports.
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, inTurn } from "./esbuild.js";
import { hashOf, isInstalled, pathOf, ROOT } from "./repository.js";

/** The package with the one binary among what is bundled: its main file. */
export const LIBSQL = createRequire(pathOf("packages/hive-catalog/package.json")).resolve("libsql");

/** How a source names a file beside it: another program, or something to read. */
const REFERENCE = /new URL\(\s*"([^"]+)",\s*import\.meta\.url,?\s*\)/;
const ANY_REFERENCE = /new URL\([^;]*?import\.meta\.url/;
/** A program can be called by its name; and for the modules in a bundle that are CommonJS. */
const BANNER =
  '#!/usr/bin/env node\nimport { createRequire as createBundleRequire } from "node:module"; const require = createBundleRequire(import.meta.url);';

const OPTIONS = {
  absWorkingDir: ROOT,
  bundle: true,
  conditions: ["source"],
  platform: "node",
  format: "esm",
  target: "node20.19",
  // A smaller file starts faster. Names stay, for stack traces.
  minifyWhitespace: true,
  minifySyntax: true,
  sourcemap: "linked",
  sourcesContent: false,
  tsconfigRaw: {},
  banner: { js: BANNER },
  define: { LIBSQL_VERSION: JSON.stringify(versionOf(LIBSQL)) },
  logLevel: "silent",
};

/**
 * Writes the bundles of programs into a folder, and those of the programs that they start: where a source says `new URL("./other.ts",
 * import.meta.url)`, its bundle names the bundle of that file.
 *
 * @param programs The sources, by the names of their bundles.
 * @param site What differs between the places where bundles run: `isProgram(path)` says which of the named files are bundled, `refer(path)`
 *   how a bundle names any other, `edit(text)` changes sources, and `options` are further ones for esbuild.
 * @returns The hashes of the files of this repository that it is made of, by path.
 */
export function bundle(programs, folder, site) {
  return inTurn(() => write(programs, folder, site));
}

async function write(programs, folder, { isProgram, refer, edit = (text) => text, options }) {
  const texts = new Map();
  const names = new Map(Object.entries(programs).map(([name, path]) => [path, name]));
  const done = new Set();

  /** Each file once, so that all bundles are of one text of it. */
  function read(path) {
    if (!texts.has(path)) texts.set(path, readFileSync(path, "utf8"));
    return texts.get(path);
  }
  function referToProgram(path) {
    const name = names.get(path) ?? basename(path, extname(path));
    const other = [...names].find(([known, taken]) => taken === name && known !== path)?.[0];
    if (other !== undefined) throw new Error(`the bundles of ${path} and ${other} would have the same name`);
    names.set(path, name);
    return `new URL("./${name}.js", import.meta.url)`;
  }
  function rewrite(source) {
    const parts = edit(read(source)).split(REFERENCE);
    return parts
      .map((part, index) => {
        if (index % 2 === 1) {
          const path = fileURLToPath(new URL(part, pathToFileURL(source)));
          return isProgram(path) ? referToProgram(path) : refer(path);
        }
        if (!ANY_REFERENCE.test(part)) return part;
        throw new Error(`${source} names a file by more than a text in quotes: its bundle would not find it`);
      })
      .join("");
  }
  const ownSources = {
    name: "sources of this repository",
    setup: ({ onLoad }) =>
      onLoad({ filter: /\.(?:ts|js|json)$/ }, ({ path }) => {
        if (isInstalled(path)) return undefined;
        // It says what other packages import from this one.
        read(manifestOf(path));
        return { contents: rewrite(path), loader: extname(path).slice(1) };
      }),
  };

  // Which programs a program starts is known once it is bundled.
  while (done.size < names.size) {
    const entries = [...names].filter(([path]) => !done.has(path));
    await build({
      ...OPTIONS,
      ...options,
      entryPoints: entries.map(([path, name]) => ({ in: path, out: name })),
      outdir: folder,
      plugins: [ownSources, ...options.plugins],
    });
    for (const [path] of entries) done.add(path);
  }
  return new Map([...texts].map(([path, text]) => [path, hashOf(text)]));
}

function versionOf(path) {
  return JSON.parse(readFileSync(manifestOf(path), "utf8")).version;
}

/** The package.json above a file. */
function manifestOf(path) {
  const folder = dirname(path);
  const manifest = join(folder, "package.json");
  return folder === path || existsSync(manifest) ? manifest : manifestOf(folder);
}
