import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/** The start time is the 20th word behind the name in parentheses, the state the 1st. */
const START_TIME = 19;

/** Which queen runs an operation: her machine, its boot, her process and when that started, so that no later process is taken for her. */
export function newOwner(): string {
  const ofThisStart = randomBytes(4).toString("hex");
  return [hostname(), bootId(), process.pid, startTimeOf(process.pid) ?? "?", ofThisStart].join(" ");
}

/** Whether the queen with that name is known to run no more. What runs on another machine cannot be seen from here. */
export function isGone(owner: string): boolean {
  const [host, boot, pid, startTime] = owner.split(" ");
  if (host !== hostname()) return false;
  if (boot !== bootId()) return true;
  return startTimeOf(Number(pid)) !== startTime;
}

function bootId(): string {
  return readText("/proc/sys/kernel/random/boot_id")?.trim() ?? "?";
}

/** Undefined when there is no such process. Where there is no /proc, a process of that id is taken for the same one. */
function startTimeOf(pid: number): string | undefined {
  if (readText("/proc/self/stat") === undefined) return isThere(pid) ? "?" : undefined;
  const stat = readText(`/proc/${pid}/stat`);
  const words = stat?.slice(stat.lastIndexOf(")") + 2).split(" ") ?? [];
  return words[0] === "Z" ? undefined : words[START_TIME];
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
