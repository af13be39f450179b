import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

/** A process, told from a later one that got the same id. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: string;
}

/** State and start time are the 1st and the 20th word behind the name, which is in parentheses and may hold anything. */
const STATE = 0;
const START_TIME = 19;

/** When a process started, as a word that no later process of the same id shares; undefined when it does not run. */
export function startTimeOf(pid: number): string | undefined {
  return existsSync("/proc/self/stat") ? startTimeInProc(pid) : startTimeByPs(pid);
}

export function isRunning({ pid, startTime }: ProcessIdentity): boolean {
  return startTimeOf(pid) === startTime;
}

function startTimeInProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const words = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie has ended; that its parent does not collect it is no matter of ours.
    return words[STATE] === "Z" ? undefined : words[START_TIME];
  } catch {
    return undefined;
  }
}

function startTimeByPs(pid: number): string | undefined {
  try {
    const text = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" });
    return text.trim().replace(/\s+/g, "-") || undefined;
  } catch {
    return undefined;
  }
}
