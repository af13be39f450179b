import type { Clock } from "../../process/clock.ts";

/** As a share of the time: what is made anew whenever somebody asks takes no more of it. */
const SHARE = 1 / 20;

/** Something that takes long to make, and is told to several who ask one after another: for as long as to make it took not too much of the time, and at least for so long as is said. */
export class Reused<Made> {
  readonly #clock: Clock;
  readonly #make: () => Promise<Made>;
  readonly #atLeastMs: number;
  #made: Promise<Made> | undefined;
  #freshUntilMs = 0;

  constructor(clock: Clock, make: () => Promise<Made>, { atLeastMs = 0 } = {}) {
    this.#clock = clock;
    this.#make = make;
    this.#atLeastMs = atLeastMs;
  }

  get(): Promise<Made> {
    if (this.#made !== undefined && this.#clock.monotonicNow() < this.#freshUntilMs) return this.#made;
    const beganAtMs = this.#clock.monotonicNow();
    const forget = () => {
      this.#freshUntilMs = 0;
    };
    // Whoever asks while it is made gets the same.
    this.#freshUntilMs = Number.POSITIVE_INFINITY;
    const made = this.#make();
    made.then(() => {
      const endedAtMs = this.#clock.monotonicNow();
      this.#freshUntilMs = endedAtMs + Math.max(this.#atLeastMs, (endedAtMs - beganAtMs) / SHARE);
    }, forget);
    this.#made = made;
    return made;
  }
}
