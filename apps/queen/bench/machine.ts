import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { cpus, loadavg, totalmem } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { installedWrk } from "@repo/bench";

export type Machine = {
  cpu: string;
  cores: number;
  memoryGb: number;
  /** The device and file system of the folder that is measured. */
  disk: string;
  /** Average of the last minute. */
  load: number;
  versions: Record<string, string>;
};

const CATALOG_PACKAGE = fileURLToPath(import.meta.resolve("@repo/hive-catalog"));
const CATALOG_DEPENDENCIES = ["libsql", "@libsql/client", "drizzle-orm", "zod"];
const QUEEN_DEPENDENCIES = ["fastify"];

export async function describeMachine(folder: string): Promise<Machine> {
  const wrk = await installedWrk();
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown processor",
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    disk: await diskOf(folder),
    load: Number((loadavg()[0] ?? 0).toFixed(2)),
    versions: {
      node: process.version,
      ...versionsOf(CATALOG_DEPENDENCIES, CATALOG_PACKAGE),
      ...versionsOf(QUEEN_DEPENDENCIES, fileURLToPath(import.meta.url)),
      ...(wrk === undefined ? {} : { wrk }),
    },
  };
}

/** As they are installed for the package of `importer`; `exports` may hide a package.json, so the folders are walked. */
function versionsOf(names: readonly string[], importer: string): Record<string, string> {
  const require = createRequire(importer);
  return Object.fromEntries(
    names.map((name) => {
      const manifest = require.resolve.paths(name)?.flatMap((folder) => readManifest(join(folder, name)));
      return [name, manifest?.[0] ?? "unknown"];
    }),
  );
}

function readManifest(folder: string): string[] {
  try {
    return [(JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string }).version];
  } catch {
    return [];
  }
}

/** From /proc/mounts; where that is not to be had, the disk is named as unknown. */
async function diskOf(folder: string): Promise<string> {
  const mounts = await readFile("/proc/mounts", "utf8").catch(() => "");
  const byPoint = new Map<string, string>();
  for (const line of mounts.split("\n")) {
    const [device = "", point = "", kind = ""] = line.split(" ");
    const warning = kind === "tmpfs" || kind === "ramfs" ? " (in memory: a sync costs nothing here)" : "";
    byPoint.set(point, `${kind} on ${device}${warning}`);
  }
  for (let at = resolve(folder); ; at = dirname(at)) {
    const found = byPoint.get(at);
    if (found !== undefined) return found;
    if (at === dirname(at)) return "unknown disk";
  }
}
