import { readdirSync } from "node:fs";
import { basename } from "node:path";
import { type ProcessStat, statOf } from "./process-stat.ts";

const KEPT_NAME_LENGTH = 15;

/** Whether a process of this group runs. One that has ended and was not collected does not: a container may have nobody who collects it. */
export function isGroupRunning(groupId: number): boolean {
  try {
    process.kill(-groupId, 0);
  } catch {
    return false;
  }
  const processes = readProcesses();
  return processes?.some((other) => other.groupId === groupId) ?? true;
}

/** The id of a process of this program that hangs inside the kernel, where no signal reaches it, and that whoever started it left behind. */
export function leftInKernel(command: string): number | undefined {
  const name = basename(command).slice(0, KEPT_NAME_LENGTH);
  const processes = readProcesses() ?? [];
  const takesOver = new Set(processes.filter((other) => other.name === "systemd").map(({ id }) => id)).add(1);
  return processes.find((other) => other.name === name && other.isInKernel && takesOver.has(other.parentId))?.id;
}

/** Of all that have not ended; undefined where there is no /proc. */
function readProcesses(): (ProcessStat & { readonly id: number })[] | undefined {
  try {
    const ids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
    return ids.flatMap((id) => {
      const stat = statOf(Number(id));
      return stat === undefined ? [] : { id: Number(id), ...stat };
    });
  } catch {
    return undefined;
  }
}
