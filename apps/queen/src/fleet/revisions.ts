/** Hives of which the last revision is remembered. */
const MAX_HIVES = 100_000;

/**
 * Which hives changed after which: came, went, or have another status, labels or an address. Counted, not timed, so that of any two changes it is known which was
 * first. A list in an order of what may change leaves out those that changed since it was begun: they may have stood elsewhere before.
 */
export class Revisions {
  #newest = 0;
  /** What changed until then is forgotten. */
  #forgotten = 0;
  readonly #byHive = new Map<string, number>();
  readonly #maxHives: number;

  constructor(maxHives = MAX_HIVES) {
    this.#maxHives = maxHives;
  }

  changed(hiveId: string): void {
    this.#byHive.delete(hiveId);
    this.#byHive.set(hiveId, ++this.#newest);
    if (this.#byHive.size <= this.#maxHives) return;
    for (const [oldest, revision] of this.#byHive) {
      this.#byHive.delete(oldest);
      this.#forgotten = revision;
      return;
    }
  }

  get newest(): number {
    return this.#newest;
  }

  /** Whether it is known of every hive if it changed after that revision. */
  knows(revision: number): boolean {
    return revision >= this.#forgotten && revision <= this.#newest;
  }

  hasChanged(hiveId: string, since: number): boolean {
    return (this.#byHive.get(hiveId) ?? 0) > since;
  }
}
