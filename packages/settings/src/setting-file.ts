import { accessSync, closeSync, constants, fstatSync, openSync, readFileSync, readSync, type Stats } from "node:fs";

const OTHERS = 0o077;
/** A bundle of all authorities that browsers know has a quarter of it. */
const MAX_BYTES = 1_048_576;

/**
 * Reads a file that a setting names, at once. Throws an Error where it is no regular file, which might never end or never answer, and where it has
 * more than `maxBytes`, by default 1 MB.
 */
export function readSettingFile(path: string, maxBytes = MAX_BYTES): Buffer {
  return read(path, maxBytes);
}

/** The same of a file with a secret, which nobody but its owner may use: else `cure` says what to do. */
export function readSecretFile(path: string, maxBytes: number, cure = "chmod 600 it"): Buffer {
  return read(path, maxBytes, (file, { mode, uid }) => {
    if ((mode & OTHERS) === 0 || (uid === 0 && isHandedOver(path, file))) return;
    throw new Error(`others than its owner may use it (mode ${(mode & 0o777).toString(8)}): ${cure}`);
  });
}

function read(path: string, maxBytes: number, check?: (file: number, stat: Stats) => void): Buffer {
  // Without O_NONBLOCK the opening of a fifo waits until somebody writes into it.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw new Error("is no regular file");
    check?.(file, stat);
    const buffer = Buffer.alloc(maxBytes + 1);
    const length = readSync(file, buffer);
    if (length > maxBytes) throw new Error(`has more than ${maxBytes} bytes`);
    return buffer.subarray(0, length);
  } finally {
    closeSync(file);
  }
}

/**
 * How container platforms hand over secrets: root's file, which nobody can change, the mode included. access(2) tells of a mount that is read-only those
 * alone who could write the file but for that; for others it must be in memory, too: of a service of systemd all of /etc may be read-only.
 */
function isHandedOver(path: string, file: number): boolean {
  try {
    accessSync(path, constants.W_OK);
    return false;
  } catch (error) {
    return (error instanceof Error && "code" in error && error.code === "EROFS") || isInReadOnlyMemory(file);
  }
}

/** Whether the mount of the open file is such, as Linux has it (proc_pid_mountinfo(5)). */
function isInReadOnlyMemory(file: number): boolean {
  try {
    const [, id] = /^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${file}`, "utf8")) ?? [];
    const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
    const [mount = "", fileSystem = ""] = mounts.find((line) => line.startsWith(`${id} `))?.split(" - ") ?? [];
    return /(?:^|,)ro(?:,|$)/.test(mount.split(" ")[5] ?? "") && /^(?:tmpfs|ramfs) /.test(fileSystem);
  } catch {
    return false;
  }
}
