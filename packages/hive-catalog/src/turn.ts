import { performance } from "node:perf_hooks";

/** First come, first served: at most one holder at a time. */
export class Turn {
  #last: Promise<void> = Promise.resolve();

  /** Resolves when all earlier holders have ended their turn; the caller then ends its own by calling the function. */
  async take(): Promise<() => void> {
    const earlier = this.#last;
    let end: () => void = () => {};
    this.#last = new Promise((resolve) => {
      end = resolve;
    });
    await earlier;
    return end;
  }

  async run<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    const end = await this.take();
    try {
      return await work();
    } finally {
      end();
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
