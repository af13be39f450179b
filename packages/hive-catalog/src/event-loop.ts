import { performance } from "node:perf_hooks";

/** Taken at load: who fakes timers in a test must not stop every call. */
export const { setImmediate: atNextTurn, setTimeout: after, clearTimeout: cancel } = globalThis;

/** Lets the event loop do what waits. Measured at a fifth of the cost of the one in node:timers/promises. */
export function turnOfTheLoop(): Promise<void> {
  return new Promise((resolve) => {
    atNextTurn(resolve);
  });
}

/** A list in batches of so many, between which the event loop turns. */
export async function* inBatches<Item>(items: readonly Item[], size: number): AsyncGenerator<Item[], void, undefined> {
  for (let from = 0; from < items.length; from += size) {
    if (from > 0) await turnOfTheLoop();
    yield items.slice(from, from + size);
  }
}

/** How long calls that are awaited one after another may hold the event loop, in ms. */
const MAX_HELD_MS = 1;

/** Notices callers that await call after call: promises alone never let the event loop turn. */
export class LoopBudget {
  #heldSinceMs: number | undefined;
  /** Calls wait for the next turn, and hold it from its beginning. */
  #isAwaited = false;

  /** Whether the event loop has not turned for so long that the next call has to wait for it. */
  isSpent(): boolean {
    if (this.#heldSinceMs === undefined) this.#begin();
    else this.#isAwaited ||= performance.now() - this.#heldSinceMs > MAX_HELD_MS;
    return this.#isAwaited;
  }

  #begin(): void {
    this.#heldSinceMs = performance.now();
    atNextTurn(() => {
      this.#heldSinceMs = undefined;
      if (this.#isAwaited) this.#begin();
      this.#isAwaited = false;
    });
  }
}
