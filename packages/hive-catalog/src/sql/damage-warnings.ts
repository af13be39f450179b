import type { DamagedRecord } from "../options.ts";
import type { RowReader } from "./rows.ts";

/** Rows of which it is remembered that they were told. */
const MAX_REMEMBERED = 1000;

/** Process warnings for damaged rows that nobody is told of otherwise: once for each row of a catalog, since lists are read again and again, and once more when its damage changes. */
export class DamageWarnings {
  readonly #told = new Map<string, string>();

  /** What a list tells of the damaged rows of one table. */
  of(reader: Pick<RowReader<unknown>, "warning" | "warningName">) {
    // Not by what the row holds for a key: others may hold the same, damaged as they are.
    return (damage: readonly DamagedRecord[], isListed: boolean, rowId: string): void => {
      const row = `${damage[0]?.table} ${rowId}`;
      if (this.#told.size >= MAX_REMEMBERED && !this.#told.has(row)) return;
      const warning = reader.warning(damage, isListed);
      if (this.#told.get(row) === warning) return;
      this.#told.set(row, warning);
      const isLast = this.#told.size === MAX_REMEMBERED;
      const text = isLast ? `${warning}; no further rows are told: pnpm catalog check lists all` : warning;
      process.emitWarning(text, reader.warningName);
    };
  }
}
