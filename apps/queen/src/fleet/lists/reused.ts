import type { Clock } from "../../process/clock.ts";

/** As a share of the time: what is made anew whenever somebody asks takes no more of it. */
const SHARE = 1 / 20;

/**
 * Something that takes long to make, and is told to several who ask one after another: for as long as to make it took not too much of the time, and at least
 * for so long as is said; to no one who asks for a later `version`.
 */
export class Reused<Made> {
  readonly #clock: Clock;
  readonly #make: () => Promise<Made>;
  readonly #atLeastMs: number;
  #newest: { readonly made: Promise<Made>; readonly version: number; freshUntilMs: number } | undefined;

  constructor(clock: Clock, make: () => Promise<Made>, { atLeastMs = 0 } = {}) {
    this.#clock = clock;
    this.#make = make;
    this.#atLeastMs = atLeastMs;
  }

  get(version = 0): Promise<Made> {
    const beganAtMs = this.#clock.monotonicNow();
    if (this.#newest?.version === version && beganAtMs < this.#newest.freshUntilMs) return this.#newest.made;
    // Whoever asks while it is made gets the same.
    const newest = { made: this.#make(), version, freshUntilMs: Number.POSITIVE_INFINITY };
    this.#newest = newest;
    const keep = () => {
      const endedAtMs = this.#clock.monotonicNow();
      newest.freshUntilMs = endedAtMs + Math.max(this.#atLeastMs, (endedAtMs - beganAtMs) / SHARE);
    };
    newest.made.then(keep, () => (newest.freshUntilMs = 0));
    return newest.made;
  }
}
