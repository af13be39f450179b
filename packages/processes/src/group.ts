import { readdirSync, readFileSync } from "node:fs";

/** State and group are the 1st and the 3rd word behind the name, which is in parentheses and may hold anything. */
const STATE = 0;
const GROUP = 2;

/** Whether a process of this group runs. One that has ended and was not collected does not: a container may have nobody who collects it. */
export function isGroupRunning(groupId: number): boolean {
  try {
    process.kill(-groupId, 0);
  } catch {
    return false;
  }
  const ids = processIds();
  return ids === undefined || ids.some((id) => runsIn(groupId, id));
}

/** Undefined where there is no /proc: then the signal alone tells. */
function processIds(): string[] | undefined {
  try {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return undefined;
  }
}

function runsIn(groupId: number, id: string): boolean {
  try {
    const stat = readFileSync(`/proc/${id}/stat`, "utf8");
    const words = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(words[GROUP]) === groupId && words[STATE] !== "Z" && words[STATE] !== "X";
  } catch {
    return false; // it has ended meanwhile
  }
}
