import type { Clock } from "./clock.ts";
import { wholeTurn } from "./turn.ts";

/** How long beats wait for connections that come in without a pause. */
const MAX_WAIT_MS = 20;

/**
 * Connections that come in. libuv lets in one a turn of the event loop, as measured: of a fleet that connects anew, the last hive waits for as
 * many turns as there are hives. With a commit in each of them, 64 connections took up to 0.7 s. Over TLS the handshake comes later, and
 * with it the beats: there this helps less.
 */
export class Arrivals {
  readonly #clock: Pick<Clock, "monotonicNow">;
  #count = 0;
  #settled: Promise<void> | undefined;

  constructor(clock: Pick<Clock, "monotonicNow">) {
    this.#clock = clock;
  }

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
    let seen: number;
    do {
      seen = this.#count;
      await wholeTurn();
    } while (seen < this.#count && this.#clock.monotonicNow() < untilMs);
    this.#settled = undefined;
  }
}
