import type { Column } from "./table.ts";
import { textOf } from "./table.ts";
import { timesFor } from "./times.ts";

/** What the lines of records say, to tell which say something new. Memory for every record that was seen. */
export class SaidLines<R> {
  readonly #columns: readonly Column<R>[];
  readonly #nameOf: (record: R) => string;
  readonly #said = new Map<string, string>();

  constructor(columns: readonly Column<R>[], nameOf: (record: R) => string) {
    this.#columns = columns.filter(({ isAge }) => isAge !== true);
    this.#nameOf = nameOf;
  }

  /** Whether it says something else than the last time. */
  take(record: R): "new" | "changed" | "same" {
    const times = timesFor(false, 0);
    const name = this.#nameOf(record);
    const before = this.#said.get(name);
    const now = this.#columns.map(({ cell }) => textOf(cell(record, times))).join("\n");
    this.#said.set(name, now);
    if (before === undefined) return "new";
    return before === now ? "same" : "changed";
  }

  /** Whether there is a line of it. */
  has(name: string): boolean {
    return this.#said.has(name);
  }

  /** Whether there was a line of it. */
  forget(name: string): boolean {
    return this.#said.delete(name);
  }
}
