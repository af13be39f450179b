import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import type { Row } from "@libsql/client";
import type { HiveRecord } from "./record.ts";
import { type DamagedHive, findDamage, toRecord } from "./rows.ts";

/** Rows that one statement reads at most, so that no read holds the event loop for long. */
const MAX_BATCH = 1000;

/** Reads up to `limit` rows that come after the row `last`, or the first ones. */
type ReadBatch = (limit: number, last: Row | undefined) => Promise<Row[]>;

type Paging = {
  readBatch: ReadBatch;
  /** Whether the order of the rows can be continued from this one. */
  canContinueFrom: (row: Row) => boolean;
  onDamage: (damage: DamagedHive) => void;
  /** Records wanted in all. */
  limit: number;
  /** Rows read at once. */
  batchSize: number | undefined;
};

/**
 * The sound records of a query in batches, at most `limit` in all; it reads on past damaged rows, which it hands to `onDamage`.
 * No statement stays open between batches, and the event loop turns.
 */
export async function* readPages({ readBatch, canContinueFrom, onDamage, limit, batchSize = MAX_BATCH }: Paging) {
  let last: Row | undefined;
  let size = Math.min(limit, batchSize);
  for (let wanted = limit; ; ) {
    const rows = await readBatch(size, last);
    const atEnd = rows.length < size;
    if (!atEnd) {
      // A damaged key cannot be continued from: such rows at the end are left for the next batch.
      const end = rows.findLastIndex(canContinueFrom);
      if (end === -1) {
        size *= 2;
        continue;
      }
      rows.length = end + 1;
    }
    const records: HiveRecord[] = [];
    for (const row of rows) {
      const record = toRecord(row);
      if (record) records.push(record);
      else findDamage(row).forEach(onDamage);
    }
    wanted -= records.length;
    yield records;
    if (atEnd || wanted <= 0) return;
    last = rows.at(-1);
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
