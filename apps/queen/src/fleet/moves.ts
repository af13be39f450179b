/** Hives that moved, of which so many are remembered. */
const MAX_MOVED = 100_000;

/**
 * Which hives moved, and when: came, went, or have another status, labels or an address. Counted, not timed, so that of any two it is known which was first. A
 * list in an order of what may change leaves out those that moved since it was begun: they may have stood elsewhere before.
 */
export class Moves {
  #newest = 0;
  /** What moved until then is forgotten. */
  #forgotten = 0;
  readonly #byHive = new Map<string, number>();
  readonly #maxMoved: number;

  constructor(maxMoved = MAX_MOVED) {
    this.#maxMoved = maxMoved;
  }

  note(hiveId: string): void {
    this.#byHive.delete(hiveId);
    this.#byHive.set(hiveId, ++this.#newest);
    if (this.#byHive.size <= this.#maxMoved) return;
    for (const [oldest, move] of this.#byHive) {
      this.#byHive.delete(oldest);
      this.#forgotten = move;
      return;
    }
  }

  /** The number of the newest move. */
  get newest(): number {
    return this.#newest;
  }

  /** Whether it is known of every hive if it moved after that move. */
  knows(move: number): boolean {
    return move >= this.#forgotten && move <= this.#newest;
  }

  hasMoved(hiveId: string, since: number): boolean {
    return (this.#byHive.get(hiveId) ?? 0) > since;
  }
}
