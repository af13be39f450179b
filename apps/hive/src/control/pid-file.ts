import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { isRunning, type ProcessIdentity, startTimeOf } from "@repo/processes";

/** What this program writes, and with the number alone what others do. */
const PID_FILE = /^\s*\d{1,10}(?: .+)?\s*$/;
const MAX_PID_FILE_BYTES = 256;

/** Notes this process. @throws Error where something stands there that notes none: it is somebody's, and would be gone */
export function writePidFile(path: string): void {
  checkPidFile(path);
  const incoming = `${path}.${process.pid}`;
  writeFileSync(incoming, `${process.pid} ${startTimeOf(process.pid)}\n`);
  renameSync(incoming, path);
}

/** Throws where something stands there that notes no process. An empty file notes none, and nobody misses it. */
function checkPidFile(path: string): void {
  const there = statSync(path, { throwIfNoEntry: false });
  if (there === undefined || (there.isFile() && there.size === 0)) return;
  const isPidFile = there.isFile() && there.size <= MAX_PID_FILE_BYTES && PID_FILE.test(readFileSync(path, "utf8"));
  if (!isPidFile) throw new Error(`${path} is there and notes no process: remove it, or choose another path`);
}

/** The process that the file notes, if it still runs. */
export function readPidFile(path: string): ProcessIdentity | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
  const [, pid, startTime] = /^(\d{1,10}) (.+)\n$/.exec(text) ?? [];
  if (pid === undefined || startTime === undefined) return undefined;
  const identity = { pid: Number(pid), startTime };
  return isRunning(identity) ? identity : undefined;
}

/** Removes the file if it notes this process. */
export function removePidFile(path: string): void {
  if (readPidFile(path)?.pid === process.pid) rmSync(path, { force: true });
}
