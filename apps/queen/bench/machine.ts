import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { cpus, loadavg, totalmem } from "node:os";
import { dirname, join, resolve } from "node:path";
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

const CATALOG = new URL("../../../packages/hive-catalog/package.json", import.meta.url);
const QUEEN = new URL("../package.json", import.meta.url);
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
      ...versionsOf(CATALOG_DEPENDENCIES, CATALOG),
      ...versionsOf(QUEEN_DEPENDENCIES, QUEEN),
      ...(wrk === undefined ? {} : { wrk }),
    },
  };
}

/** As they are installed for the package of this manifest; `exports` may hide a package.json, so the folders are walked. */
function versionsOf(names: readonly string[], manifest: URL): Record<string, string> {
  const require = createRequire(manifest);
  return Object.fromEntries(
    names.map((name) => {
      const versions = require.resolve.paths(name)?.flatMap((folder) => readVersion(join(folder, name)));
      return [name, versions?.[0] ?? "unknown"];
    }),
  );
}

function readVersion(folder: string): string[] {
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
