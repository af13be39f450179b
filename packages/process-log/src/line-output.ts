import { writeSync } from "node:fs";

/** Of lines that wait for room: what is above is lost. */
const MAX_WAITING_BYTES = 1_048_576;
const RETRY_MS = 50;
const DRAIN_POLL_MS = 5;

/**
 * Writes lines to a descriptor that does not block and may have no room: its reader stands still or is gone, or the disk is full. Lines wait
 * for room up to a bound; from there on they are lost until all that waits is written, so that the gap is in one place.
 */
export class LineOutput {
  readonly #fd: number;
  readonly #onLost: (lines: number) => void;
  readonly #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #lost = 0;
  #retry: NodeJS.Timeout | undefined;

  /** @param onLost Called with how many lines were lost, once there is room again; a line that it writes stands where those would. */
  constructor(fd: number, onLost: (lines: number) => void) {
    this.#fd = fd;
    this.#onLost = onLost;
  }

  write(line: string): void {
    this.#flush();
    if (this.#lost > 0 || this.#waitingBytes >= MAX_WAITING_BYTES) {
      this.#lost += 1;
      return;
    }
    const bytes = Buffer.from(line);
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#flush();
  }

  /** For the end of the process: stands still until all is written, for `maxMs` at most. */
  drain(maxMs: number): void {
    const endMs = performance.now() + maxMs;
    const sleeper = new Int32Array(new SharedArrayBuffer(4));
    while (!this.#flush() && performance.now() < endMs) Atomics.wait(sleeper, 0, 0, DRAIN_POLL_MS);
  }

  /** Writes what there is room for, and returns whether that was all. */
  #flush(): boolean {
    try {
      for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
        const written = writeSync(this.#fd, first);
        this.#waitingBytes -= written;
        if (written < first.length) this.#waiting[0] = first.subarray(written);
        else this.#waiting.shift();
      }
    } catch {
      // Whatever is wrong with the output, whoever logs can do nothing about it.
      this.#retry ??= setTimeout(() => {
        this.#retry = undefined;
        this.#flush();
      }, RETRY_MS).unref();
      return false;
    }
    if (this.#lost === 0) return true;
    const lost = this.#lost;
    this.#lost = 0;
    this.#onLost(lost);
    return this.#waiting.length === 0;
  }
}
