// What other repositories load of the packages: a dist/ in each, with JavaScript and declarations from src/.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { makeFolder } from "./folders.js";
import { ROOT } from "./repository.js";

export const TSC = join(ROOT, "node_modules", "typescript", "bin", "tsc");
/** The hash of the sources that dist/ was made from. */
const STAMP = ".sources";
/** What decides beside a package's own files what comes out. */
const COMMON_SOURCES = ["tsconfig.base.json", "pnpm-lock.yaml", "scripts/build/packages.js"].map((path) =>
  join(ROOT, path),
);

/** Builds them where they are not of these sources already, so that whoever needs them does this first. Throws when one does not compile. */
export async function buildPackages() {
  for (const one of packages.values()) await build(one);
}

/** Every package of packages/, by its name. */
const packages = new Map(
  readdirSync(join(ROOT, "packages"))
    .map((name) => join(ROOT, "packages", name))
    .filter((folder) => existsSync(join(folder, "package.json")) && existsSync(join(folder, "src")))
    .map((folder) => ({ folder, ...JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) }))
    .map((one) => [one.name, one]),
);
const hashes = new Map();

/** Builds a package if need be, after those that it depends on: its declarations are made from theirs. Answers the hash of them all. */
async function build(one) {
  const known = hashes.get(one.name);
  if (known !== undefined) return known;
  const hash = createHash("sha256");
  for (const name of Object.keys(one.dependencies ?? {}))
    if (packages.has(name)) hash.update(await build(packages.get(name)));
  for (const path of [...COMMON_SOURCES, ...sourcesOf(one.folder)]) {
    hash
      .update(`${relative(ROOT, path)}\0`)
      .update(existsSync(path) ? readFileSync(path) : "")
      .update("\0");
  }
  const digest = hash.digest("hex");
  hashes.set(one.name, digest);
  const entries = Object.values(one.exports ?? {}).flatMap(({ source }) => source ?? []);
  if (entries.length > 0 && stampOf(one.folder) !== digest) await make(one, entries, digest);
  return digest;
}

function sourcesOf(folder) {
  const paths = readdirSync(join(folder, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".test.ts"))
    .map((entry) => join(entry.parentPath, entry.name));
  return [join(folder, "package.json"), join(folder, "tsconfig.json"), ...paths.sort()];
}

function stampOf(folder) {
  const path = join(folder, "dist", STAMP);
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

async function make({ name, folder }, entries, digest) {
  await makeFolder(join(folder, "dist"), (made) => {
    compile(folder, entries, made);
    for (const path of sourcesOf(folder).filter((path) => path.endsWith(".js"))) {
      cpSync(path, join(made, relative(join(folder, "src"), path)));
    }
    writeFileSync(join(made, STAMP), digest);
  });
  process.stdout.write(`built ${name}\n`);
}

/** Starts from the entries, so that what only tests use stays out; other packages are taken as a consumer takes them. */
function compile(folder, entries, outDir) {
  const config = join(dirname(outDir), "tsconfig.json");
  const compilerOptions = {
    noEmit: false,
    noEmitOnError: true,
    declaration: true,
    customConditions: [],
    rootDir: join(folder, "src"),
    outDir,
  };
  const files = entries.map((entry) => join(folder, entry));
  writeFileSync(
    config,
    JSON.stringify({ extends: join(folder, "tsconfig.json"), compilerOptions, files, include: [] }),
  );
  const { status } = spawnSync(process.execPath, [TSC, "--project", config], { stdio: "inherit" });
  if (status !== 0) throw new Error(`${relative(ROOT, folder)} does not compile`);
}
