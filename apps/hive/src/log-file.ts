import { closeSync, fstatSync, openSync, renameSync, writeSync } from "node:fs";

const MAX_BYTES = 1_048_576;

/** Where pino writes to a file that stays small: at 1 MiB the file gets the suffix `.1`, over the one before, and a new one begins. */
export function openLogFile(path: string): { write(line: string): void } {
  let file = openSync(path, "a", 0o600);
  let size = fstatSync(file).size;

  function turnOver(): void {
    closeSync(file);
    renameSync(path, `${path}.1`);
    file = openSync(path, "a", 0o600);
    size = 0;
  }

  return {
    write(line) {
      const bytes = Buffer.byteLength(line);
      if (size > 0 && size + bytes > MAX_BYTES) turnOver();
      writeSync(file, line);
      size += bytes;
    },
  };
}
