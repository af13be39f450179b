import { existsSync } from "node:fs";
import { mkdir, readFile, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleOf } from "../../../../scripts/build/cache.js";
import { runProgram } from "../harness/child.ts";

const REPOSITORY = fileURLToPath(new URL("../../../../", import.meta.url));
const SCOPE = "@repo/";
/** Packages beside which the dependencies of an earlier catalog are looked for. */
const INSTALLED = ["hive-catalog", "bench"];
const TIMEOUT_MS = 30_000;

/** The module of the catalog as it is now. */
export const takeCatalog = (): Promise<string> => moduleOf(join(REPOSITORY, "packages", "hive-catalog"));

/**
 * Takes the catalog of an earlier commit out of this clone into the new folder `folder`, with today's versions of what it depends on, and
 * resolves to its module. Rejects where the commit is not to be had.
 */
export async function takeOutCatalog(commit: string, folder: string): Promise<string> {
  const archive = `${folder}.tar`;
  await mkdir(folder);
  await run("git", "-C", REPOSITORY, "archive", "--output", archive, commit, "packages");
  await run("tar", "-xf", archive, "-C", folder);
  return moduleOf(await withDependencies(folder, "hive-catalog"));
}

/** The bundle of a catalog's package. */
async function moduleOf(home: string): Promise<string> {
  return bundleOf(join(home, "src", "index.ts"));
}

/** Links what a package of `folder` needs, and resolves to where that package is. */
async function withDependencies(folder: string, name: string): Promise<string> {
  const home = join(folder, "packages", name);
  const manifest = await readFile(join(home, "package.json"), "utf8");
  const { dependencies } = JSON.parse(manifest) as { dependencies: Record<string, string> };
  for (const dependency of Object.keys(dependencies)) {
    const link = join(home, "node_modules", dependency);
    await mkdir(dirname(link), { recursive: true });
    const isOfFolder = dependency.startsWith(SCOPE);
    const target = isOfFolder ? withDependencies(folder, dependency.slice(SCOPE.length)) : installed(dependency);
    await symlink(await target, link);
  }
  return home;
}

function installed(dependency: string): string {
  const places = INSTALLED.map((name) => join(REPOSITORY, "packages", name, "node_modules", dependency));
  const found = places.find((place) => existsSync(place));
  if (found === undefined) throw new Error(`${dependency} is not installed`);
  return found;
}

const run = (command: string, ...args: string[]) => runProgram({ command, args, timeoutMs: TIMEOUT_MS });
