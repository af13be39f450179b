/** The hives that were forgotten lately, and when: a record that was read before that must not bring one back. Times are monotonic. */
export class Forgotten {
  readonly #atMs = new Map<string, number>();

  add(hiveId: string, nowMs: number): void {
    this.#atMs.set(hiveId, nowMs);
  }

  /** Whether it was forgotten after `readAtMs`. */
  isSince(hiveId: string, readAtMs: number): boolean {
    return readAtMs < (this.#atMs.get(hiveId) ?? Number.NEGATIVE_INFINITY);
  }

  /** For when no reading that old is under way any more. */
  dropBefore(ms: number): void {
    for (const [hiveId, atMs] of this.#atMs) if (atMs < ms) this.#atMs.delete(hiveId);
  }
}
