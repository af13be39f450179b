import type { Clock } from "./clock.ts";
import { turnOfTheLoop } from "./turn.ts";

/** How long beats wait for connections that come in without a pause. */
const MAX_WAIT_MS = 20;

/**
 * Connections that come in. libuv lets in one a turn of the event loop, as measured: of a fleet that connects anew, the last hive waits for as
 * many turns as there are hives. With a commit in each of them, 64 connections took up to 0.7 s.
 */
export class Arrivals {
  readonly #clock: Pick<Clock, "monotonicNow">;
  #count = 0;
  #settled: Promise<void> | undefined;

  constructor(clock: Pick<Clock, "monotonicNow">) {
    this.#clock = clock;
  }

  /** A connection was let in. */
  add(): void {
    this.#count += 1;
    this.#settled ??= this.#settle();
  }

  /** Resolves when a turn of the loop has let in no further one, after 20 ms at latest. Undefined while none comes in. */
  get settled(): Promise<void> | undefined {
    return this.#settled;
  }

  async #settle(): Promise<void> {
    const untilMs = this.#clock.monotonicNow() + MAX_WAIT_MS;
    for (let seen = 0; seen < this.#count && this.#clock.monotonicNow() < untilMs; ) {
      seen = this.#count;
      await turnOfTheLoop();
    }
    this.#settled = undefined;
  }
}
