import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, readSync, writeSync } from "node:fs";

const { O_RDWR, O_NONBLOCK } = constants;

/** A pipe that nobody reads but when a test says so. */
export class NamedPipe implements Disposable {
  readonly path: string;
  #fd: number;

  constructor(path: string) {
    execFileSync("mkfifo", [path]);
    this.path = path;
    this.#fd = openSync(path, O_RDWR | O_NONBLOCK);
  }

  fill(): void {
    const line = `${"x".repeat(99)}\n`;
    untilItWouldBlock(() => writeSync(this.#fd, line));
  }

  /** All that is in it now. */
  read(): string {
    const chunk = Buffer.alloc(65_536);
    let text = "";
    untilItWouldBlock(() => {
      text += chunk.toString("utf8", 0, readSync(this.#fd, chunk));
    });
    return text;
  }

  closeReader(): void {
    closeSync(this.#fd);
  }

  openReader(): void {
    this.#fd = openSync(this.path, O_RDWR | O_NONBLOCK);
  }

  [Symbol.dispose](): void {
    this.closeReader();
  }
}

function untilItWouldBlock(act: () => void): void {
  try {
    for (;;) act();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
  }
}
