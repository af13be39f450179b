import type { Clock } from "../process/clock.ts";
import { wholeTurn } from "../process/turn.ts";

/** How many hives are probed at once: answers that come together hold the event loop for as long as they take together. */
const PARALLEL_PROBES = 32;
/** How many begin in one turn of the event loop: all of them at once would hold it for as long as they take together. */
const STARTS_PER_TURN = 4;
/**
 * A probe that has no answer by then gives its place to the next one, up to so many: or a thousand hosts that swallow packets would hold
 * up the checks of all the others for minutes.
 */
const SLOW_PROBE_MS = 250;
const MAX_SLOW_PROBES = 2048;
const MAX_LATE_MS = 50;

interface Running {
  readonly startedAtMs: number;
  /** Never rejects. */
  readonly end: Promise<void>;
}

/** Checks a whole fleet at a pace that leaves the event loop to beats and requests. */
export class ProbeScheduler {
  readonly #clock: Pick<Clock, "monotonicNow">;
  /** Those that have a place, and those that gave it up. */
  readonly #placed = new Set<Running>();
  readonly #slow = new Set<Running>();
  #onFreed: () => void = () => undefined;
  #startsInTurn = 0;

  constructor(clock: Pick<Clock, "monotonicNow">) {
    this.#clock = clock;
  }

  /** Checks each hive; resolves, when all checks have ended, to the errors of those that failed. Rejects with the error of `hives`. */
  async run<Hive>(hives: AsyncIterable<Hive>, check: (hive: Hive) => Promise<void>): Promise<unknown[]> {
    const failures: unknown[] = [];
    const timer = this.#freeSlowPlaces();
    try {
      for await (const hive of hives) {
        await this.#waitToBegin();
        this.#begin(check(hive).catch((error: unknown) => void failures.push(error)));
      }
    } finally {
      clearInterval(timer);
      await Promise.all([...this.#placed, ...this.#slow].map(({ end }) => end));
    }
    return failures;
  }

  #begin(end: Promise<void>): void {
    this.#startsInTurn += 1;
    const running = { startedAtMs: this.#clock.monotonicNow(), end };
    this.#placed.add(running);
    void end.then(() => {
      this.#slow.delete(running);
      if (this.#placed.delete(running)) this.#onFreed();
    });
  }

  async #waitToBegin(): Promise<void> {
    while (this.#placed.size >= PARALLEL_PROBES) await this.#freed();
    if (this.#startsInTurn < STARTS_PER_TURN) return;
    await wholeTurn();
    this.#startsInTurn = 0;
  }

  #freed(): Promise<void> {
    return new Promise((resolve) => {
      this.#onFreed = resolve;
    });
  }

  #freeSlowPlaces(): NodeJS.Timeout {
    let dueAtMs = performance.now() + SLOW_PROBE_MS;
    return setInterval(() => {
      const lateMs = performance.now() - dueAtMs;
      dueAtMs = performance.now() + SLOW_PROBE_MS;
      // When the queen herself is late, more probes at once would only make her later.
      if (lateMs < MAX_LATE_MS) this.#giveUpSlow();
    }, SLOW_PROBE_MS);
  }

  /** Frees the places of checks that are slow by the clock of the queen. */
  #giveUpSlow(): void {
    const nowMs = this.#clock.monotonicNow();
    for (const running of this.#placed) {
      if (nowMs - running.startedAtMs < SLOW_PROBE_MS || this.#slow.size >= MAX_SLOW_PROBES) continue;
      this.#placed.delete(running);
      this.#slow.add(running);
    }
    this.#onFreed();
  }
}
