import { accessSync, closeSync, constants, fstatSync, openSync, readSync, type Stats } from "node:fs";

const OTHERS = 0o077;
/** A bundle of all authorities that browsers know has a quarter of it. */
const MAX_BYTES = 1_048_576;

/**
 * Reads a file that a setting names, at once. Throws an Error where it is no regular file, which might never end or never answer, and where it has
 * more than `maxBytes`, by default 1 MB.
 */
export function readSettingFile(path: string, maxBytes = MAX_BYTES): Buffer {
  return read(path, maxBytes).content;
}

/** The same of a file with a secret, which nobody but its owner may use: else `cure` says what to do. */
export function readSecretFile(path: string, maxBytes: number, cure = "chmod 600 it"): Buffer {
  const { content, stat } = read(path, maxBytes);
  const { mode, uid } = stat;
  if ((mode & OTHERS) !== 0 && !(uid === 0 && isOnReadOnlyMount(path))) {
    throw new Error(`others than its owner may use it (mode ${(mode & 0o777).toString(8)}): ${cure}`);
  }
  return content;
}

function read(path: string, maxBytes: number): { content: Buffer; stat: Stats } {
  // Without O_NONBLOCK the opening of a fifo waits until somebody writes into it.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw new Error("is no regular file");
    const buffer = Buffer.alloc(maxBytes + 1);
    const length = readSync(file, buffer);
    if (length > maxBytes) throw new Error(`has more than ${maxBytes} bytes`);
    return { content: buffer.subarray(0, length), stat };
  } finally {
    closeSync(file);
  }
}

/** How container platforms hand over secrets: root's file, which nobody can change, the mode included. */
function isOnReadOnlyMount(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EROFS";
  }
}
