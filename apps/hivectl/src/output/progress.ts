import { cutTo } from "@repo/process-log/columns";
import { printable } from "@repo/process-log/printable";
import type { Terminal } from "./terminal.ts";

const TO_START_OF_LINE = "\r\x1b[K";

/** A line on a terminal that tells how far something is, and gives way to whatever else is written. */
export class Progress {
  readonly #terminal: Terminal;
  #isShown = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  show(text: string): void {
    const { streams, stderrWidth } = this.#terminal;
    streams.stderr.write(`${TO_START_OF_LINE}${cutTo(printable(text), stderrWidth - 1)}`);
    this.#isShown = true;
  }

  clear(): void {
    if (this.#isShown) this.#terminal.streams.stderr.write(TO_START_OF_LINE);
    this.#isShown = false;
  }
}
