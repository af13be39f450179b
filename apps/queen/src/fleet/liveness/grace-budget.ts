/** In so many stale ages one of grace. */
const WINDOW_AGES = 10;

/**
 * How much grace the queen has for stalls of her own making: whoever can make her busy could otherwise keep every dead hive online for as
 * long as he goes on. Together it is at most one stale age in any ten.
 */
export class GraceBudget {
  readonly #staleAfterMs: number;
  #granted: { readonly atMs: number; readonly forMs: number }[] = [];

  constructor(staleAfterMs: number) {
    this.#staleAfterMs = staleAfterMs;
  }

  /** From when on silence counts after such a stall, if it counted from `graceFromMs` on before. */
  graceFrom(graceFromMs: number, nowMs: number): number {
    const windowMs = WINDOW_AGES * this.#staleAfterMs;
    this.#granted = this.#granted.filter(({ atMs }) => nowMs - atMs < windowMs);
    const leftMs = this.#granted.reduce((left, { forMs }) => left - forMs, this.#staleAfterMs);
    // A longer silence is found already.
    const fromMs = Math.max(graceFromMs, nowMs - this.#staleAfterMs);
    const forMs = Math.max(0, Math.min(leftMs, nowMs - fromMs));
    if (forMs > 0) this.#granted.push({ atMs: nowMs, forMs });
    return fromMs + forMs;
  }
}
