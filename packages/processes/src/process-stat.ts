import { readFileSync } from "node:fs";

/** What the kernel tells of a process in `/proc/<pid>/stat`. */
export interface ProcessStat {
  /** Of its program, as far as the kernel keeps it: another one when the process becomes another program. */
  readonly name: string;
  /** Waits inside the kernel, where no signal reaches it. */
  readonly isInKernel: boolean;
  readonly parentId: number;
  readonly groupId: number;
  /** Time of the processor that it has used, in ticks. */
  readonly ticks: number;
  /** A word that no later process of the same id shares. */
  readonly startTime: string;
}

/** The name stands in parentheses and may hold anything; counted behind it, these are its words. */
const STATE = 0;
const PARENT = 1;
const GROUP = 2;
const USER_TICKS = 11;
const SYSTEM_TICKS = 12;
const START_TIME = 19;

/** Undefined for one that has ended, also where nobody has collected it. */
export function parseStat(text: string): ProcessStat | undefined {
  const nameEnd = text.lastIndexOf(")");
  const words = text.slice(nameEnd + 2).split(" ");
  const state = words[STATE];
  const startTime = words[START_TIME];
  if (startTime === undefined || state === "Z" || state === "X") return undefined;
  return {
    name: text.slice(text.indexOf("(") + 1, nameEnd),
    isInKernel: state === "D",
    parentId: Number(words[PARENT]),
    groupId: Number(words[GROUP]),
    ticks: Number(words[USER_TICKS]) + Number(words[SYSTEM_TICKS]),
    startTime,
  };
}

/** Of a process as it is now. Undefined also where there is no /proc. */
export function statOf(pid: number): ProcessStat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return undefined;
  }
}
