/**
 * What this queen writes of one hive, and what she learns of that, one after the other: so that what was stored last is what she knows. Different hives do
 * not wait for each other.
 */
export class HiveTurns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Must not be asked for the same hive by `work` itself. */
  take<Result>(hiveId: string, work: () => Promise<Result>): Promise<Result> {
    return this.takeAll([hiveId], work);
  }

  /** The turns of several hives at once: all are taken in one go, so that no two can wait for each other. */
  async takeAll<Result>(hiveIds: readonly string[], work: () => Promise<Result>): Promise<Result> {
    const before = hiveIds.flatMap((id) => this.#last.get(id) ?? []);
    const turn = before.length === 0 ? work() : Promise.allSettled(before).then(work);
    for (const id of hiveIds) this.#last.set(id, turn);
    try {
      return await turn;
    } finally {
      for (const id of hiveIds) if (this.#last.get(id) === turn) this.#last.delete(id);
    }
  }
}
