import { readFileSync } from "node:fs";

const MB = 2 ** 20;

/** What a process has in RAM, as Linux says it. */
export function residentMb(pid: number): number {
  const [, kb] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return (Number(kb) * 1024) / MB;
}
