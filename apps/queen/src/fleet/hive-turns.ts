/**
 * What this queen writes of one hive, and what she learns of that, one after the other: so that what was stored last is what she knows. Different hives do
 * not wait for each other.
 */
export class HiveTurns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Must not be asked for the same hive by `work` itself. */
  async take<Result>(hiveId: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(hiveId);
    const turn = before === undefined ? work() : before.then(work, work);
    this.#last.set(hiveId, turn);
    try {
      return await turn;
    } finally {
      if (this.#last.get(hiveId) === turn) this.#last.delete(hiveId);
    }
  }
}
