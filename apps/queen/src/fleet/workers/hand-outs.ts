/**
 * The pieces of work that were handed out and that nobody can have seen at work yet. No counter that somebody has to give back: a reading that was made
 * later speaks for them, and they are forgotten. Times are monotonic.
 */
export class HandOuts {
  #unseen: { readonly atMs: number; readonly bytes: number }[] = [];

  /** `bytes`: the memory that it will take. */
  add(atMs: number, bytes = 0): void {
    this.#unseen.push({ atMs, bytes });
  }

  /** Something was read at `readAtMs` that shows what was handed out before. */
  seen(readAtMs: number): void {
    this.#unseen = this.#unseen.filter(({ atMs }) => atMs >= readAtMs);
  }

  get count(): number {
    return this.#unseen.length;
  }

  get bytes(): number {
    return this.#unseen.reduce((sum, { bytes }) => sum + bytes, 0);
  }
}
