import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { isRunning, type ProcessIdentity, startTimeOf } from "@repo/processes";

/** Notes this process. */
export function writePidFile(path: string): void {
  const incoming = `${path}.${process.pid}`;
  writeFileSync(incoming, `${process.pid} ${startTimeOf(process.pid)}\n`);
  renameSync(incoming, path);
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
