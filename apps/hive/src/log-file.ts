import { closeSync, fstatSync, openSync, renameSync, statSync, writeSync } from "node:fs";

const MAX_BYTES = 1_048_576;

/**
 * Where pino writes to a file that stays small: at 1 MiB the file gets the suffix `.1`, over the one before, and a new one begins. So does one
 * where somebody else removed or renamed the file. A line that cannot be written is lost, because an agent that goes on beating is worth more;
 * `onLoss` gets the reason with the first of several.
 */
export function openLogFile(path: string, onLoss: (error: unknown) => void): { write(line: string): void } {
  const open = () => openSync(path, "a", 0o600);
  let file = open();
  let isLosing = false;

  function openAnew(): void {
    const next = open();
    closeSync(file);
    file = next;
  }

  function append(line: string): void {
    if (!leadsTo(path, file)) openAnew();
    const { size } = fstatSync(file);
    if (size > 0 && size + Buffer.byteLength(line) > MAX_BYTES) {
      renameSync(path, `${path}.1`);
      openAnew();
    }
    writeSync(file, line);
  }

  return {
    write(line) {
      try {
        append(line);
        isLosing = false;
      } catch (error) {
        if (!isLosing) onLoss(error);
        isLosing = true;
      }
    },
  };
}

/** Whether the path names the file that is open. */
function leadsTo(path: string, file: number): boolean {
  const [named, open] = [statSync(path, { throwIfNoEntry: false }), fstatSync(file)];
  return named?.ino === open.ino && named.dev === open.dev;
}
