import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";

interface ProcessState {
  readonly id: number;
  /** Of its program, as far as the kernel keeps it. */
  readonly name: string;
  readonly state: string;
  readonly parentId: number;
  readonly groupId: number;
}

const KEPT_NAME_LENGTH = 15;

/** Whether a process of this group runs. One that has ended and was not collected does not: a container may have nobody who collects it. */
export function isGroupRunning(groupId: number): boolean {
  try {
    process.kill(-groupId, 0);
  } catch {
    return false;
  }
  const processes = readProcesses();
  return processes?.some((other) => other.groupId === groupId && !/[ZX]/.test(other.state)) ?? true;
}

/** The id of a process of this program that hangs inside the kernel, where no signal reaches it, and that whoever started it left behind. */
export function leftInKernel(command: string): number | undefined {
  const name = basename(command).slice(0, KEPT_NAME_LENGTH);
  const processes = readProcesses() ?? [];
  const takesOver = new Set(processes.filter((other) => other.name === "systemd").map(({ id }) => id)).add(1);
  return processes.find((other) => other.name === name && other.state === "D" && takesOver.has(other.parentId))?.id;
}

/** Undefined where there is no /proc. */
function readProcesses(): ProcessState[] | undefined {
  try {
    const ids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
    return ids.map(readProcess).filter((found) => found !== undefined);
  } catch {
    return undefined;
  }
}

function readProcess(id: string): ProcessState | undefined {
  try {
    const stat = readFileSync(`/proc/${id}/stat`, "utf8");
    // The name is in parentheses and may hold anything.
    const [, name = "", state = "", parent, group] = /^\d+ \((.*)\) (\S) (\d+) (\d+) /s.exec(stat) ?? [];
    return { id: Number(id), name, state, parentId: Number(parent), groupId: Number(group) };
  } catch {
    return undefined; // it has ended meanwhile
  }
}
