import { performance } from "node:perf_hooks";

/** First come, first served: at most one holder at a time. */
export class Turn {
  #isTaken = false;
  readonly #waiting: (() => void)[] = [];

  /** Takes a turn that nobody has, without a wait; otherwise resolves when all earlier holders have ended theirs. Whoever takes it has to end it. */
  take(): Promise<void> | undefined {
    if (this.#isTaken) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#isTaken = true;
    return undefined;
  }

  end(): void {
    const next = this.#waiting.shift();
    if (next) next();
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
const MAX_HELD_MS = 3;

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
