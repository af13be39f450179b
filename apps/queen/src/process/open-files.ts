import { readFileSync } from "node:fs";

/** For what the queen opens herself: the catalog, checks of hives, programs. */
const MAX_OWN_FILES = 1024;

/** So many of `wanted` connections as leave her files enough for all else; where the system says no limit, all. */
export function affordableConnections(wanted: number): number {
  const files = maxOpenFiles();
  return Math.min(wanted, Math.max(Math.ceil(files / 2), files - MAX_OWN_FILES));
}

function maxOpenFiles(): number {
  try {
    const [, files] = /^Max open files +(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
    return files === undefined ? Number.POSITIVE_INFINITY : Number(files);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
