/** What was handed out so close together counts as one moment: of a worker that gets a thousand pieces of work a second, a few numbers are kept. */
const SLICE_MS = 1000;

interface Slice {
  readonly firstMs: number;
  lastMs: number;
  count: number;
  bytes: number;
}

/**
 * The pieces of work that were handed out and that nobody can have seen at work yet. No counter that somebody has to give back: a reading that was made
 * later speaks for them, and they are forgotten. Times are monotonic.
 */
export class HandOuts {
  #slices: Slice[] = [];
  #count = 0;
  #bytes = 0;

  /** `bytes`: the memory that it will take. */
  add(nowMs: number, bytes = 0): void {
    let slice = this.#slices.at(-1);
    if (slice === undefined || nowMs - slice.firstMs >= SLICE_MS) {
      slice = { firstMs: nowMs, lastMs: nowMs, count: 0, bytes: 0 };
      this.#slices.push(slice);
    }
    slice.lastMs = nowMs;
    slice.count += 1;
    slice.bytes += bytes;
    this.#count += 1;
    this.#bytes += bytes;
  }

  /** Something was read at `readAtMs` that shows what was handed out before. */
  seen(readAtMs: number): void {
    this.#slices = this.#slices.filter(({ lastMs }) => lastMs >= readAtMs);
    this.#count = this.#slices.reduce((sum, { count }) => sum + count, 0);
    this.#bytes = this.#slices.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }
}
