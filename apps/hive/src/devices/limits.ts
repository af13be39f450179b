import { readFileSync } from "node:fs";
import os from "node:os";
import { dirname, join } from "node:path";

export interface Limits {
  /** Cores that may be used: a share of one counts as one. */
  readonly cores: number;
  readonly memoryBytes: number;
}

/** Where the control groups tell their limits: version 2 in one tree, version 1 in one for each resource. */
const MEMORY_FILES = [
  { tree: "", file: "memory.max" },
  { tree: "memory", file: "memory.limit_in_bytes" },
];
const CPU_FILES = [
  { tree: "", file: "cpu.max" },
  { tree: "cpu", file: "cpu.cfs_quota_us" },
];

/** What this process may use: what the host has, or less where a container or a service was given less. */
export function readLimits(root = "/"): Limits {
  const groups = groupsIn(textIn(join(root, "proc/self/cgroup")));
  const ways = (tree: string) => waysUp(groups.get(tree)).map((way) => join(root, "sys/fs/cgroup", tree, way));
  const memory = MEMORY_FILES.flatMap(({ tree, file }) => ways(tree).map((folder) => limitIn(join(folder, file))));
  const shares = CPU_FILES.flatMap(({ tree, file }) => ways(tree).map((folder) => shareIn(folder, file)));
  return {
    cores: Math.max(1, Math.ceil(Math.min(os.availableParallelism(), ...shares))),
    memoryBytes: Math.min(os.totalmem(), ...memory),
  };
}

/** The group of this process in each tree, by the name of the tree; version 2 has none. */
function groupsIn(text: string): Map<string, string> {
  const groups = new Map<string, string>();
  for (const [, trees = "", group = "/"] of text.matchAll(/^\d+:([^:]*):(\/.*)$/gm)) {
    for (const tree of trees.split(",")) groups.set(tree, group);
  }
  return groups;
}

/** A group, and those that it is in: the least of their limits counts. In a container its own may be the root that it sees. */
function waysUp(group = "/"): string[] {
  return group === "/" ? ["/"] : [group, ...waysUp(dirname(group))];
}

/** "max", -1 and what cannot be read are no limit. */
function limitIn(path: string): number {
  const text = textIn(path).trim();
  return /^[1-9]\d*$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
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
  } catch {
    return "";
  }
}
