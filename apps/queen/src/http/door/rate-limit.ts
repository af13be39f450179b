/** How many keys are remembered; one that is forgotten starts afresh. */
const MAX_KEYS = 65_536;
const BURST_MS = 1000;
/** Sums of fractions are not exact. */
const ROUNDING_MS = 0.001;

/**
 * Lets each key through so many times a second, and one second's worth at once. Of a key it keeps one number: the time by which its requests
 * are paid for, at one interval each.
 */
export class RateLimit {
  readonly #intervalMs: number;
  readonly #paidAtMs = new Map<string, number>();
  #prunedAtMs = Number.NEGATIVE_INFINITY;

  constructor(perSecond: number) {
    this.#intervalMs = 1000 / perSecond;
  }

  /** Counts one request: 0 when it may pass, else the milliseconds after which the next one may. `nowMs` is monotonic. */
  waitMs(key: string, nowMs: number): number {
    const paidAtMs = Math.max(this.#paidAtMs.get(key) ?? 0, nowMs);
    const paidThenMs = paidAtMs + this.#intervalMs;
    const waitMs = paidThenMs - nowMs - BURST_MS;
    if (waitMs > ROUNDING_MS) return waitMs;
    this.#paidAtMs.set(key, paidThenMs);
    if (this.#paidAtMs.size > MAX_KEYS) this.#makeRoom(nowMs);
    return 0;
  }

  /** Counts so many more requests: for one that has passed, and cost as much as they. */
  charge(key: string, requests: number, nowMs: number): void {
    const paidAtMs = Math.max(this.#paidAtMs.get(key) ?? 0, nowMs);
    this.#paidAtMs.set(key, paidAtMs + requests * this.#intervalMs);
  }

  /** Of those that are remembered. */
  get size(): number {
    return this.#paidAtMs.size;
  }

  /** A key whose requests are paid for is as good as a new one. When too many are not, the oldest goes. */
  #makeRoom(nowMs: number): void {
    if (nowMs - this.#prunedAtMs > BURST_MS) {
      this.#prunedAtMs = nowMs;
      for (const [key, paidAtMs] of this.#paidAtMs) if (paidAtMs <= nowMs) this.#paidAtMs.delete(key);
    }
    for (const key of this.#paidAtMs.keys()) {
      if (this.#paidAtMs.size <= MAX_KEYS) return;
      this.#paidAtMs.delete(key);
    }
  }
}
