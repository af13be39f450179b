/** When each hive beats next: a ring of buckets, each a linked list through the hives, so that a beat costs no memory and no search. */
export class BeatWheel {
  readonly #stepMs: number;
  readonly #first: Int32Array;
  readonly #next: Int32Array;

  /** Waits of up to `spanMs` can be told apart, to within `stepMs`. */
  constructor(hives: number, stepMs: number, spanMs: number) {
    this.#stepMs = stepMs;
    this.#first = new Int32Array(Math.ceil(spanMs / stepMs) + 2).fill(-1);
    this.#next = new Int32Array(hives).fill(-1);
  }

  /** Never in the step that is being taken. */
  add(hive: number, nowMs: number, waitMs: number): void {
    const steps = Math.max(1, Math.round(waitMs / this.#stepMs));
    const bucket = (Math.round(nowMs / this.#stepMs) + Math.min(steps, this.#first.length - 1)) % this.#first.length;
    this.#next[hive] = this.#first[bucket] ?? -1;
    this.#first[bucket] = hive;
  }

  /** Hands out the hives of this step. */
  take(nowMs: number, beat: (hive: number) => void): void {
    const bucket = Math.round(nowMs / this.#stepMs) % this.#first.length;
    let hive = this.#first[bucket] ?? -1;
    this.#first[bucket] = -1;
    while (hive !== -1) {
      const following = this.#next[hive] ?? -1;
      beat(hive);
      hive = following;
    }
  }
}
