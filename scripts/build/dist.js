// dist/: the programs for machines that have Node and nothing of this repository.
import { chmodSync, copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join, relative, resolve } from "node:path";
import { bundle, LIBSQL } from "./bundle.js";
import { makeFolder } from "./folders.js";
import { sizesIn } from "./own-folder.js";
import { makePage } from "./page.js";
import { platformText, thisPlatform } from "./platform.js";
import { PAGE } from "./ready-page.js";
import { isInstalled, pathOf, ROOT } from "./repository.js";

const PROGRAMS = {
  queen: "apps/queen/src/main.ts",
  hive: "apps/hive/src/agent.ts",
  hivectl: "apps/hivectl/src/main.ts",
  catalog: "packages/hive-catalog/scripts/catalog.ts",
  "db-migrate": "packages/hive-catalog/scripts/db-migrate-alone.ts",
};
const ASSETS = "assets";
const BINARY = "./libsql.node";

/** Makes it at `place`, and answers for which platform. */
export async function buildDist(place = pathOf("dist")) {
  const platform = thisPlatform();
  await makeFolder(place, async (folder) => {
    mkdirSync(join(folder, ASSETS), { recursive: true });
    const sources = Object.entries(PROGRAMS).map(([name, source]) => [name, pathOf(source)]);
    await bundle(Object.fromEntries(sources), folder, siteOf(folder));
    nameSourcesFromRoot(folder);
    await writePage(join(folder, PAGE));
    for (const name of Object.keys(PROGRAMS)) chmodSync(join(folder, `${name}.js`), 0o755);
    copyFileSync(binaryHere(), join(folder, BINARY));
    const manifest = { ...manifestFor(platform), sizes: sizesIn(folder) };
    writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
    const readme = readFileSync(pathOf("scripts/build/dist-readme.md"), "utf8");
    writeFileSync(join(folder, "README.md"), readme.replace("PLATFORM", platformText(platform)));
  });
  return platformText(platform);
}

async function writePage(folder) {
  mkdirSync(folder);
  for (const [name, bytes] of await makePage(nameFiles)) writeFileSync(join(folder, name), bytes);
}

/** esbuild names a source as seen from where it writes, which says where the repository was. */
function nameSourcesFromRoot(folder) {
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".map"))) {
    const map = JSON.parse(readFileSync(join(folder, name), "utf8"));
    const sources = map.sources.map((source) => relative(ROOT, resolve(folder, source)));
    writeFileSync(join(folder, name), JSON.stringify({ ...map, sources }));
  }
}

/** There commands are called by their files. */
const nameFiles = (text) =>
  text.replaceAll(
    /pnpm (?:-s )?(queen|hivectl|hive|catalog|db:migrate)\b/g,
    (_all, name) => `node ${name.replace(":", "-")}.js`,
  );

/** In dist/, everything that a program names is beside it, and commands are called by their files. */
function siteOf(folder) {
  const assets = new Map();
  const copy = (path) => {
    const name = basename(path);
    if ((assets.get(name) ?? path) !== path) throw new Error(`${path} and ${assets.get(name)} have the same name`);
    if (!assets.has(name)) cpSync(path, join(folder, ASSETS, name), { recursive: true });
    assets.set(name, path);
    return `new URL("./${ASSETS}/${name}", import.meta.url)`;
  };
  return {
    isProgram: (path) => /\.[jt]s$/.test(path) && !isInstalled(path),
    refer: copy,
    edit: nameFiles,
    options: {
      plugins: [
        { name: "the binary of libsql stands beside", setup: useBinaryBeside },
        { name: "the page is ready-made", setup: useReadyPage },
      ],
    },
  };
}

/** libsql looks for its binary among the installed packages. */
function useBinaryBeside({ onLoad, onResolve }) {
  const search = /^.*?function requireNative\(\) \{.*?\n\}/s;
  const found = `require(${JSON.stringify(pathOf("scripts/build/own-folder.js"))}).checkOwnFolder();
    const requireNative = () => require("${BINARY}");`;
  onLoad({ filter: /\/libsql\/index\.js$/ }, ({ path }) => {
    const text = readFileSync(path, "utf8");
    if (!search.test(text)) throw new Error(`${path} looks for its binary in a way that is not known here`);
    return { contents: text.replace(search, found) };
  });
  onResolve({ filter: /^\.\/libsql\.node$/ }, ({ path }) => ({ path, external: true }));
}

/** There is nothing there to make it of. */
function useReadyPage({ onResolve }) {
  onResolve({ filter: /\/scripts\/build\/page\.js$/ }, () => ({ path: pathOf("scripts/build/ready-page.js") }));
}

function binaryHere() {
  const require = createRequire(LIBSQL);
  return require.resolve(`@libsql/${require("@neon-rs/load").currentTarget()}`);
}

function manifestFor(platform) {
  const { license, engines } = readJson("package.json");
  const { version } = readJson("apps/queen/package.json");
  const bin = Object.fromEntries(Object.keys(PROGRAMS).map((name) => [name, `./${name}.js`]));
  return { name: "hive-catalog", version, private: true, type: "module", license, engines, ...platform, bin };
}

const readJson = (name) => JSON.parse(readFileSync(pathOf(name), "utf8"));
