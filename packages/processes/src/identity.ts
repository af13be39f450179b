import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { statOf } from "./process-stat.ts";

/** A process, told from a later one that got the same id. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: string;
}

/** When a process started, as a word that no later process of the same id shares; undefined when it does not run. */
export function startTimeOf(pid: number): string | undefined {
  return existsSync("/proc/self/stat") ? statOf(pid)?.startTime : startTimeByPs(pid);
}

export function isRunning({ pid, startTime }: ProcessIdentity): boolean {
  return startTimeOf(pid) === startTime;
}

/** The same where there is no /proc: a date, in words that are those of no caller's language and time zone. */
export function startTimeByPs(pid: number): string | undefined {
  const env = { ...process.env, LC_ALL: "C", TZ: "UTC" };
  try {
    const text = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8", env });
    return text.trim().replace(/\s+/g, "-") || undefined;
  } catch {
    return undefined;
  }
}
