// The queen's page: one script and one style sheet, made of apps/web, and made anew when a source is another one.
import { readFileSync } from "node:fs";
import { basename, extname, join, resolve } from "node:path";
import { hashOfFile, pathOf, ROOT } from "./repository.js";

const ENTRY = pathOf("apps/web/src/main.tsx");

const OPTIONS = {
  absWorkingDir: ROOT,
  entryPoints: { page: ENTRY },
  // The name says what is in it: a browser keeps it for good.
  entryNames: "[name]-[hash]",
  outdir: "page",
  write: false,
  metafile: true,
  bundle: true,
  conditions: ["source"],
  platform: "browser",
  format: "esm",
  target: "es2023",
  minify: true,
  jsx: "automatic",
  jsxImportSource: "preact",
  tsconfigRaw: {},
  logLevel: "silent",
};

/** What was made last, and the hashes of the files that it was made of. */
let made;
/** Whoever comes while it is being made waits for the same. */
let making;

/**
 * The files of the page as its sources are now. Rejects, saying why, when they do not compile or esbuild is not installed.
 *
 * @returns {Promise<ReadonlyMap<string, Buffer>>} By their names, of which one ends with .js and one with .css.
 */
export async function readPage() {
  if (made !== undefined && isCurrent(made.hashes)) return made.files;
  making ??= make().finally(() => {
    making = undefined;
  });
  return making;
}

/** The same, made in any case, of sources whose text `edit` changes: names say what is in the files then, too. */
export const makePage = async (edit) => (await bundlePage([editing(edit)])).files;

async function make() {
  const { files, sources } = await bundlePage();
  made = { files, hashes: new Map([...sources, LOCK].map((path) => [path, hashOfFile(path)])) };
  return files;
}

async function bundlePage(plugins = []) {
  const { build, inTurn } = await import("./esbuild.js");
  const { outputFiles, metafile } = await inTurn(() => build({ ...OPTIONS, plugins }));
  const sources = Object.keys(metafile.inputs).map((path) => resolve(ROOT, path));
  return { files: new Map(outputFiles.map(({ path, contents }) => [basename(path), Buffer.from(contents)])), sources };
}

const editing = (edit) => ({
  name: "sources are edited",
  setup({ onLoad }) {
    onLoad({ filter: /\/apps\/web\/src\/.*\.tsx?$/ }, ({ path }) => ({
      contents: edit(readFileSync(path, "utf8")),
      loader: extname(path).slice(1),
    }));
  },
});

/** What is installed decides too, beside the sources. */
const LOCK = join(ROOT, "node_modules/.pnpm/lock.yaml");

const isCurrent = (hashes) => [...hashes].every(([path, hash]) => hashOfFile(path) === hash);
