import { existsSync, readFileSync } from "node:fs";

export const KNOWS_PROCESSOR_TIME = existsSync("/proc/self/stat");

/** Linux counts for programs in hundredths of a second, whatever its own clock does. */
const TICK_MS = 10;

/** User and system time that a process has taken since its start; NaN where the system does not say. */
export function processorTimeMs(pid: number): number {
  if (!KNOWS_PROCESSOR_TIME) return Number.NaN;
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name of the program, in brackets, may hold anything.
  const [user, system] = stat.slice(stat.lastIndexOf(")")).split(" ").slice(12, 14).map(Number);
  return ((user ?? Number.NaN) + (system ?? Number.NaN)) * TICK_MS;
}
