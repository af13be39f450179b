import { closeSync, fstatSync, openSync, renameSync, writeSync } from "node:fs";

const MAX_BYTES = 1_048_576;

/**
 * Where pino writes to a file that stays small: at 1 MiB the file gets the suffix `.1`, over the one before, and a new one begins. A line for
 * which the disk has no room is lost: an agent that goes on beating is worth more.
 */
export function openLogFile(path: string): { write(line: string): void } {
  let file = openSync(path, "a", 0o600);
  let size = fstatSync(file).size;

  function turnOver(): void {
    renameSync(path, `${path}.1`);
    const next = openSync(path, "a", 0o600);
    closeSync(file);
    file = next;
    size = 0;
  }

  return {
    write(line) {
      const bytes = Buffer.byteLength(line);
      try {
        if (size > 0 && size + bytes > MAX_BYTES) turnOver();
        writeSync(file, line);
        size += bytes;
      } catch {}
    },
  };
}
