import type { Row } from "@libsql/client";
import type { HiveRecord } from "./record.ts";
import { type Position, positionOf, toRecord } from "./rows.ts";
import { turnOfTheLoop } from "./turn.ts";

/** Rows that one statement reads at most, so that no read holds the event loop for long. */
const MAX_BATCH = 1000;

/** Reads up to `limit` rows that come after a position, or the first ones. */
type ReadBatch = (limit: number, after: Position | undefined) => Promise<Row[]>;

type Paging = {
  readBatch: ReadBatch;
  /** Told of each row that `toRecord` refused. */
  onDamage: (row: Row) => Promise<void>;
  /** Records wanted in all. */
  limit: number;
  /** Rows read at once. */
  batchSize: number | undefined;
};

/**
 * The sound records of a query in batches, at most `limit` in all; it reads on past damaged rows, which it hands to `onDamage`.
 * No statement stays open between batches, and the event loop turns.
 */
export async function* readPages({ readBatch, onDamage, limit, batchSize = MAX_BATCH }: Paging) {
  let after: Position | undefined;
  let size = Math.min(limit, batchSize);
  for (let wanted = limit; ; ) {
    const rows = await readBatch(size, after);
    const atEnd = rows.length < size;
    if (!atEnd) {
      // A damaged row may not say where it stands: such rows at the end are left for the next batch.
      const end = rows.findLastIndex((row) => positionOf(row) !== undefined);
      if (end === -1) {
        size *= 2;
        continue;
      }
      rows.length = end + 1;
    }
    const records: HiveRecord[] = [];
    for (const row of rows) {
      if (records.length === wanted) break;
      const record = toRecord(row);
      if (record) records.push(record);
      else await onDamage(row);
    }
    wanted -= records.length;
    yield records;
    if (atEnd || wanted <= 0) return;
    const last = rows.at(-1);
    after = last && positionOf(last);
    size = Math.min(wanted, batchSize);
    await turnOfTheLoop();
  }
}

/** All batches as one list. */
export async function collect(pages: AsyncIterable<HiveRecord[]>): Promise<HiveRecord[]> {
  let all: HiveRecord[] | undefined;
  for await (const records of pages) {
    if (all === undefined) all = records;
    else for (const record of records) all.push(record);
  }
  return all ?? [];
}
