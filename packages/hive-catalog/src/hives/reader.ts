import type { Row } from "@libsql/client";
import { withoutDeadline } from "../drivers/server/retry.ts";
import { checkInteger, checkOptions, invalidArgument } from "../model/check.ts";
import type { HiveRecord } from "../model/hive.ts";
import { tell } from "../observer.ts";
import type { ListOptions } from "../options.ts";
import { corruptHive, type DamagedHive, findDamage } from "./damage.ts";
import { readPages } from "./pages.ts";
import { type Position, rowIdOf, toRecord, toRecords } from "./rows.ts";
import type { Statements } from "./statements.ts";

/** A query for whole hives that can be read in pages. */
export type Finder = Statements["all" | "withStatus" | "stale"];
export type FinderValues = Record<string, string | number>;

/** Reads whole hives, and says what is wrong with those that are damaged. */
export class HiveReader {
  readonly #statements: Statements;
  readonly #onCorruptHive: (damaged: DamagedHive) => unknown;

  constructor(statements: Statements, onCorruptHive: (damaged: DamagedHive) => unknown = warn) {
    this.#statements = statements;
    this.#onCorruptHive = onCorruptHive;
  }

  /** The record in a row. Rejects with CORRUPT_HIVE. */
  record(row: Row): HiveRecord | Promise<never> {
    return toRecord(row) ?? this.#refuse(row);
  }

  /** The sound hives that a finder finds, in batches; each damaged one is told. Throws INVALID_ARGUMENT. */
  pages(finder: Finder, values: FinderValues, options: ListOptions, batchSize?: number) {
    checkOptions(options);
    const { after, limit = Number.MAX_SAFE_INTEGER, onCorruptHive = this.#onCorruptHive } = options;
    checkInteger("limit", limit, 1);
    if (after !== undefined && typeof after !== "string") throw invalidArgument("after", "must be the id of a hive");
    const start = after === undefined ? undefined : { ...values, afterId: after };
    const at = (last: Position | undefined, size: number) => {
      const position = last ? { ...values, afterId: last.id, afterMs: last.lastHeartbeatMs } : start;
      return { statement: position ? finder.next : finder.first, given: { ...(position ?? values), limit: size } };
    };
    return readPages({
      limit,
      batchSize,
      reader: {
        whole: async (size, last) => {
          const { statement, given } = at(last, size);
          const page = await withoutDeadline(() => statement.whole.row(given));
          return page && toRecords(page);
        },
        rows: (size, last) => {
          const { statement, given } = at(last, size);
          return withoutDeadline(() => statement.rows.rows(given));
        },
        onDamage: async (row) => {
          for (const damaged of await withoutDeadline(() => this.#damageOf(row))) tell(onCorruptHive, damaged);
        },
      },
    });
  }

  async #refuse(row: Row): Promise<never> {
    throw corruptHive(await this.#damageOf(row));
  }

  /** Reads a damaged row once more, column by column; finds nothing when it was mended or removed meanwhile. */
  async #damageOf(row: Row): Promise<DamagedHive[]> {
    const [found] = await this.#statements.inspect.rows({ rowId: rowIdOf(row) });
    return found ? findDamage(found) : [];
  }
}

function warn({ id, column, problem }: DamagedHive): void {
  process.emitWarning(
    `the stored hive '${id}' is damaged and was left out: ${column} ${problem}`,
    "CorruptHiveWarning",
  );
}
