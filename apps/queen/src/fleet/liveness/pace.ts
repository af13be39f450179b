/** Times above which a beat took too long to be stored, and below which all is well again, in ms. */
const BUSY_MS = 200;
const CALM_MS = 50;
/** How much one beat weighs in the average. */
const WEIGHT = 1 / 64;
const GOLDEN = (Math.sqrt(5) - 1) / 2;
/** As a share of the interval: a hive that is earlier than its slot by less waits for the next one. */
const EARLY_SHARE = 1 / 8;

const fraction = (value: number): number => value - Math.floor(value);

/** Spreads the beats of the fleet evenly over the interval, and asks for half as many while the queen is slow to store them. */
export class Pace {
  readonly #intervalMs: number;
  #storingMs = 0;
  #isBusy = false;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** One more beat took so long from its receipt until it was stored. */
  stored(tookMs: number): void {
    this.#storingMs += (tookMs - this.#storingMs) * WEIGHT;
    if (this.#storingMs > BUSY_MS) this.#isBusy = true;
    else if (this.#storingMs < CALM_MS) this.#isBusy = false;
  }

  /**
   * Time until the slot of the hive. Multiples of the golden ratio spread any number of hives evenly. Only a hive that answers probes
   * is asked for fewer beats: the others have nothing else to show that they are alive.
   */
  nextBeatMs(ordinal: number, answersProbes: boolean, nowMs: number): number {
    const intervalMs = this.#isBusy && answersProbes ? 2 * this.#intervalMs : this.#intervalMs;
    const slot = fraction(ordinal * GOLDEN);
    const waitMs = fraction(slot - nowMs / intervalMs) * intervalMs;
    return Math.max(1, Math.round(waitMs < EARLY_SHARE * intervalMs ? waitMs + intervalMs : waitMs));
  }
}
