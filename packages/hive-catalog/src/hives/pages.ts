import type { Row } from "@libsql/client";
import { turnOfTheLoop } from "../drivers/file/mutex.ts";
import type { HiveRecord } from "../model/hive.ts";
import { type Position, positionOf, toRecord } from "./rows.ts";

/** Rows that one statement reads at most, so that no read holds the event loop for long. */
const MAX_BATCH = 1000;

/** How to read up to `limit` hives that come after a position, or the first ones. */
type PageReader = {
  /** All at once; undefined when one of them is damaged. */
  whole: (limit: number, after: Position | undefined) => Promise<HiveRecord[] | undefined>;
  /** Row by row. */
  rows: (limit: number, after: Position | undefined) => Promise<Row[]>;
  /** Told of each row that `toRecord` refused. */
  onDamage: (row: Row) => Promise<void>;
};

type Paging = {
  reader: PageReader;
  /** Records wanted in all. */
  limit: number;
  /** Hives read at once. */
  batchSize: number | undefined;
};

/** A page, and where the next one begins: undefined after the last. */
type Page = { records: HiveRecord[]; next: Position | undefined };

/**
 * The sound records of a query in batches, at most `limit` in all; it reads on past damaged rows, which it tells. No statement stays open
 * between batches, and the event loop turns.
 */
export async function* readPages({ reader, limit, batchSize = MAX_BATCH }: Paging) {
  let wanted = limit;
  for (let after: Position | undefined; ; ) {
    const size = Math.min(wanted, batchSize);
    const { records, next } = (await readWhole(reader, size, after)) ?? (await readRows(reader, size, after));
    yield records;
    wanted -= records.length;
    if (next === undefined || wanted === 0) return;
    after = next;
    await turnOfTheLoop();
  }
}

async function readWhole(reader: PageReader, size: number, after: Position | undefined): Promise<Page | undefined> {
  const records = await reader.whole(size, after);
  return records && { records, next: records.length < size ? undefined : positionAfter(records) };
}

/** Reads `rowCount` rows for `size` records: more than that when all of them are damaged. */
async function readRows(reader: PageReader, size: number, after: Position | undefined, rowCount = size): Promise<Page> {
  const rows = await reader.rows(rowCount, after);
  const isLast = rows.length < rowCount;
  // A damaged row may not say where it stands: such rows at the end are left for the next page.
  const end = isLast ? rows.length : 1 + rows.findLastIndex((row) => positionOf(row) !== undefined);
  if (end === 0 && !isLast) return readRows(reader, size, after, rowCount * 2);
  const records: HiveRecord[] = [];
  for (const row of rows.slice(0, end)) {
    const record = toRecord(row);
    if (record === undefined) await reader.onDamage(row);
    else if (records.push(record) === size) return { records, next: positionAfter(records) };
  }
  const last = rows[end - 1];
  return { records, next: isLast || last === undefined ? undefined : positionOf(last) };
}

function positionAfter(records: HiveRecord[]): Position | undefined {
  const last = records.at(-1);
  return last && { id: last.id, lastHeartbeatMs: last.lastHeartbeatMs ?? 0 };
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
