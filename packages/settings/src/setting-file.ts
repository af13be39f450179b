import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from "node:fs";

/** The content of a file that a setting names. */
export interface SettingFile {
  readonly content: Buffer;
  readonly stat: Stats;
}

/**
 * Reads a file that a setting names, at once. Throws an Error where it is no regular file, which might never end or never answer, and where it has
 * more than `maxBytes`.
 */
export function readSettingFile(path: string, maxBytes: number): SettingFile {
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
