import { existsSync, readFileSync } from "node:fs";

const MB = 2 ** 20;

/** What a process has in RAM, as Linux says it. */
export const residentMb = (pid: number): number => figureMb(pid, "VmRSS") ?? Number.NaN;

/** The most that it ever had; undefined where it has ended. */
export const peakMb = (pid: number): number | undefined => figureMb(pid, "VmHWM");

function figureMb(pid: number, name: string): number | undefined {
  const file = `/proc/${pid}/status`;
  if (!existsSync(file)) return undefined;
  const [, kb] = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(readFileSync(file, "utf8")) ?? [];
  return kb === undefined ? undefined : (Number(kb) * 1024) / MB;
}
