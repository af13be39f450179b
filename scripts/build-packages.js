// Makes what other repositories load of the packages: dist/, with JavaScript and declarations from src/. Does nothing where dist/ is of
// these sources already, so that whoever needs it runs this first.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const HELP = `Usage: pnpm build [options]

Makes dist/ of the packages that other repositories load: JavaScript and declarations. What is up to date stays as it is.

Options:
  --if-possible  do nothing where the compiler is not installed
  -h, --help     show this help

Exit codes: 0 built or up to date, 1 a package does not compile, 2 called wrongly.
Example: pnpm build
`;

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const TSC = join(ROOT, "node_modules", "typescript", "bin", "tsc");
/** The hash of the sources that dist/ was made from. */
const STAMP = ".sources";
/** What decides beside a package's own files what comes out. */
const COMMON_SOURCES = ["tsconfig.base.json", "pnpm-lock.yaml", "scripts/build-packages.js"].map((path) =>
  join(ROOT, path),
);

/** Every package of packages/, by its name. */
const packages = new Map(
  readdirSync(join(ROOT, "packages"))
    .map((name) => join(ROOT, "packages", name))
    .filter((folder) => existsSync(join(folder, "package.json")))
    .map((folder) => ({ folder, ...JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) }))
    .map((one) => [one.name, one]),
);
const hashes = new Map();

/** Builds a package if need be, after those that it depends on: its declarations are made from theirs. Answers the hash of them all. */
function build(one) {
  const known = hashes.get(one.name);
  if (known !== undefined) return known;
  const hash = createHash("sha256");
  for (const name of Object.keys(one.dependencies ?? {}))
    if (packages.has(name)) hash.update(build(packages.get(name)));
  for (const path of [...COMMON_SOURCES, ...sourcesOf(one.folder)]) {
    hash
      .update(`${relative(ROOT, path)}\0`)
      .update(existsSync(path) ? readFileSync(path) : "")
      .update("\0");
  }
  const digest = hash.digest("hex");
  hashes.set(one.name, digest);
  const entries = Object.values(one.exports ?? {}).flatMap(({ source }) => source ?? []);
  if (entries.length > 0 && stampOf(one.folder) !== digest) make(one, entries, digest);
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

/** Compiles into a folder of its own and moves that into place as a whole: nobody finds half of it, and two at once do no harm. */
function make({ name, folder }, entries, digest) {
  const workshop = mkdtempSync(join(folder, ".build-"));
  try {
    const made = join(workshop, "dist");
    compile(folder, entries, workshop, made);
    for (const path of sourcesOf(folder).filter((path) => path.endsWith(".js"))) {
      cpSync(path, join(made, relative(join(folder, "src"), path)));
    }
    writeFileSync(join(made, STAMP), digest);
    replace(folder, made, join(workshop, "before"), digest);
    process.stdout.write(`built ${name}\n`);
  } finally {
    rmSync(workshop, { recursive: true });
  }
}

/** Starts from the entries, so that what only tests use stays out; other packages are taken as a consumer takes them. */
function compile(folder, entries, workshop, outDir) {
  const config = join(workshop, "tsconfig.json");
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

/** Another build may put its own in place meanwhile: the same one is as good, any other is replaced again. */
function replace(folder, made, before, digest) {
  const dist = join(folder, "dist");
  while (stampOf(folder) !== digest) {
    rmSync(before, { recursive: true, force: true });
    unless("ENOENT", () => renameSync(dist, before));
    unless("ENOTEMPTY", () => renameSync(made, dist));
  }
}

function unless(code, action) {
  try {
    action();
  } catch (error) {
    if (error.code !== code) throw error;
  }
}

/** What the command line says, or undefined when it was called wrongly. */
function readFlags() {
  // `pnpm build -- --help` hands the dashes on.
  const args = process.argv.slice(2).filter((text) => text !== "--");
  try {
    return parseArgs({ args, options: { "if-possible": { type: "boolean" }, help: { type: "boolean", short: "h" } } })
      .values;
  } catch (error) {
    process.stderr.write(`build: ${error.message.replace(/^Unknown/, "unknown")}; --help shows what there is\n`);
    process.exitCode = 2;
  }
}

function main() {
  const flags = readFlags();
  if (flags === undefined) return;
  if (flags.help) {
    process.stdout.write(HELP);
    return;
  }
  if (flags["if-possible"] && !existsSync(TSC)) return;
  try {
    for (const one of packages.values()) build(one);
  } catch (error) {
    process.stderr.write(`build: ${error.message}\n`);
    process.exitCode = 1;
  }
}

main();
