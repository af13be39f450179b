import { existsSync, readFileSync } from "node:fs";
import os from "node:os";
import { dirname, join } from "node:path";
import { unlessExhausted } from "@repo/processes";

interface Memory {
  readonly totalBytes: number;
  /** Null where it is not known. */
  readonly usedBytes: number | null;
}

/** Where the control groups tell their limits: version 2 in one tree, version 1 in one for each resource. */
const MEMORY_FILES = [
  { tree: "", limit: "memory.max", used: "memory.current", cache: "inactive_file" },
  { tree: "memory", limit: "memory.limit_in_bytes", used: "memory.usage_in_bytes", cache: "total_inactive_file" },
];
const CPU_FILES = [
  { tree: "", file: "cpu.max" },
  { tree: "cpu", file: "cpu.cfs_quota_us" },
];

/** Cores that this process may use: those of the host, or fewer where a container or a slice was given less. A share of one counts as one. Throws as `readMemory`. */
export function readCores(root = "/"): number {
  const shares = CPU_FILES.flatMap(({ tree, file }) => foldersUp(root, tree).map((folder) => shareIn(folder, file)));
  return Math.max(1, Math.ceil(Math.min(os.availableParallelism(), ...shares)));
}

/** The memory of the host; or that of the container or the slice that this process is in, where it was given less. Throws where limits cannot be read for lack of means. */
export function readMemory(root = "/"): Memory {
  let memory: Memory = { totalBytes: os.totalmem(), usedBytes: usedOfHost(root) };
  for (const { tree, limit, used, cache } of MEMORY_FILES) {
    for (const folder of foldersUp(root, tree)) {
      const totalBytes = numberIn(join(folder, limit));
      if (totalBytes === undefined || totalBytes >= memory.totalBytes) continue;
      memory = { totalBytes, usedBytes: usedIn(folder, used, cache) };
    }
  }
  return memory;
}

/** Null where Linux hides it (`ProcSubset=pid`): then what is free is told without what was read from files, which could be. */
function usedOfHost(root: string): number | null {
  const isHidden = process.platform === "linux" && !existsSync(join(root, "proc/meminfo"));
  return isHidden ? null : os.totalmem() - os.freemem();
}

/** Without what was read from files: that is given back as soon as somebody needs the room. */
function usedIn(folder: string, used: string, cache: string): number | null {
  const [, cachedBytes = 0] = new RegExp(`^${cache} (\\d+)$`, "m").exec(textIn(join(folder, "memory.stat"))) ?? [];
  const usedBytes = numberIn(join(folder, used));
  return usedBytes === undefined ? null : Math.max(0, usedBytes - Number(cachedBytes));
}

/**
 * The group of this process in a tree, and those that it is in: the least of their limits counts. A service of its own is given what an agent needs, and
 * the servers of its host run in others.
 */
function foldersUp(root: string, tree: string): string[] {
  const group = groupsIn(textIn(join(root, "proc/self/cgroup"))).get(tree);
  return waysUp(group?.endsWith(".service") ? dirname(group) : group).map((way) =>
    join(root, "sys/fs/cgroup", tree, way),
  );
}

/** The group of this process in each tree, by the name of the tree; version 2 has none. */
function groupsIn(text: string): Map<string, string> {
  const groups = new Map<string, string>();
  for (const [, trees = "", group = "/"] of text.matchAll(/^\d+:([^:]*):(\/.*)$/gm)) {
    for (const tree of trees.split(",")) groups.set(tree, group);
  }
  return groups;
}

/** In a container its own group may be the root that it sees. */
function waysUp(group = "/"): string[] {
  return group === "/" ? ["/"] : [group, ...waysUp(dirname(group))];
}

/** Undefined for "max" and what cannot be read: no limit. */
function numberIn(path: string): number | undefined {
  const text = textIn(path).trim();
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

/** Of the time of cores: a quota in each period, which version 2 writes into one file, and version 1 into two. */
function shareIn(folder: string, file: string): number {
  const [quota = "", period = textIn(join(folder, "cpu.cfs_period_us"))] = textIn(join(folder, file)).trim().split(" ");
  const share = Number(quota) / Number(period);
  return /^[1-9]\d*$/.test(quota) && share > 0 ? share : Number.POSITIVE_INFINITY;
}

function textIn(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    return unlessExhausted(error) ?? "";
  }
}
