import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { startTimeOf } from "@repo/processes";

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
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "?";
  }
}
