import { and, asc, desc, type SQL, type SQLWrapper, sql } from "drizzle-orm";
import type { CallClient, SqlStatement, SqlValue } from "../drivers/client.ts";
import { isTooLarge } from "../drivers/errors.ts";
import { turnOfTheLoop } from "../event-loop.ts";
import type { DamagedRecord } from "../options.ts";
import { ALL_ROWS, bytesOf, type Found, type RowReader } from "./rows.ts";
import { build, type Given, statement } from "./statement.ts";

type Values = Record<string, SqlValue>;
type Query<V> = (values: V) => SqlStatement;

/** A query for one row by its key. */
type One<Rec, V> = { readonly reader: RowReader<Rec>; readonly query: Query<V> };

export function one<Rec, V extends object>(reader: RowReader<Rec>, where: (given: Given<V>) => SQL): One<Rec, V> {
  const query = statement<V>((given) => build.select(reader.single).from(reader.table).where(where(given)));
  return { reader, query };
}

/** The record that a query for one row finds. Throws the error of its reader when another program damaged it. */
export async function readOne<Rec, V>(
  client: CallClient,
  { reader, query }: One<Rec, V>,
  values: V,
): Promise<Rec | undefined> {
  const row = await client.first(query(values));
  return row && reader.record(row);
}

/** A query for all rows for which `where` holds, where they are few. */
export function rowsWhere<V extends object>(
  { table, row }: RowReader<unknown>,
  where: (given: Given<V>) => SQL | undefined,
): (values: V) => SqlStatement {
  return statement<V>((given) => {
    const found = build
      .select({ row: row.as("row") })
      .from(table)
      .where(where(given));
    return build.select(ALL_ROWS).from(found.as("found"));
  });
}

/** How rows are ordered, and how a page goes on after one of them: by columns, under their names in a record, or by `rowId`. */
export type Order = { readonly columns: Readonly<Record<string, SQLWrapper>>; readonly isDescending?: boolean };

/** In the order in which the rows were added, whatever the clock said: a new row gets the highest row id. */
export const oldestFirst: Order = { columns: { rowId: sql`rowid` } };
export const newestFirst: Order = { columns: { rowId: sql`rowid` }, isDescending: true };

/** The place before all rows, of their ids as text: one of another program may be larger than what a JavaScript number holds. */
export const BEFORE_ALL_ROWS = "-9223372036854775808";

function isAfter({ columns, isDescending }: Order, given: Given<Values>): SQL {
  const places = Object.keys(columns).map((name) =>
    name === "rowId" ? sql`CAST(${given.rowId} AS INTEGER)` : given[name],
  );
  const [left, right] = [Object.values(columns), places].map((list) => sql.join(list as SQLWrapper[], sql`, `));
  return isDescending ? sql`(${left}) < (${right})` : sql`(${left}) > (${right})`;
}

/** Undefined for a row whose own columns do not say where it stands, damaged as they may be. */
function placeOf({ columns }: Order, { values, rowId }: Found<unknown>): Values | undefined {
  const held: Readonly<Record<string, unknown>> = { ...values, rowId };
  const place = Object.keys(columns).map((name) => [name, held[name] ?? null] as const);
  return place.some(([, value]) => value === null) ? undefined : (Object.fromEntries(place) as Values);
}

/** A query for whole records that is read in pages: the first one, and the one after a place. Each costs the same, however far it is. */
export type Finder<Rec, V> = {
  readonly reader: RowReader<Rec>;
  readonly order: Order;
  readonly first: Query<Values>;
  readonly next: Query<Values>;
  /** What it takes; never there. */
  readonly values?: V;
};

export function finder<Rec, V extends object>(
  reader: RowReader<Rec>,
  order: Order,
  where: (given: Given<V>) => SQL | undefined = () => undefined,
): Finder<Rec, V> {
  const page = (condition: (given: Given<Values>) => SQL | undefined) =>
    statement((given) => {
      const ordered = build
        .select({ row: reader.rowWithin(sql.placeholder("maxBytes")).as("row") })
        .from(reader.table)
        .where(condition(given))
        .orderBy(...Object.values(order.columns).map(order.isDescending ? desc : asc))
        .limit(sql.placeholder("limit"));
      return build.select(ALL_ROWS).from(ordered.as("page"));
    });
  const filter = (given: Given<Values>) => where(given as unknown as Given<V>);
  return { reader, order, first: page(filter), next: page((given) => and(filter(given), isAfter(order, given))) };
}

/** Records that a page of a stream holds at most. */
export const MAX_PAGE = 1000;
/** What one statement reads at most, so that no read holds the event loop for long: rows, and bytes of their long columns. A row alone is read whole. */
const MAX_ROWS = 500;
export const MAX_BYTES = 524_288;

/** Told of each damaged row, whether something stands in for it, and which row of its table it is. */
export type OnDamage = (damage: readonly DamagedRecord[], isListed: boolean, rowId: string) => void;

export type Paging<Rec> = {
  /** Records wanted in all; all by default. */
  limit?: number | undefined;
  /** Which records are wanted, where SQL cannot tell; all by default. */
  isWanted?: ((record: Rec) => boolean) | undefined;
  /** Where to begin: after that place. */
  after?: Values | undefined;
  /** Records read at once. */
  pageSize?: number | undefined;
  /** Of a page that ends when enough was read. */
  bytes?: BytesRead | undefined;
  onDamage: OnDamage;
};

/**
 * The sound records of a query in batches, at most `limit` in all; it reads on past damaged rows, which it tells, so that fewer are all that
 * there are. No statement stays open between batches, and the event loop turns. On a server each batch has a deadline of its own.
 */
export async function* pages<Rec, V extends Values>(
  client: Pick<CallClient, "first">,
  finder: Finder<Rec, V>,
  values: V,
  { limit = Number.MAX_SAFE_INTEGER, isWanted, after: start, pageSize = MAX_ROWS, bytes, onDamage }: Paging<Rec>,
): AsyncGenerator<Rec[], void, undefined> {
  const { order, first, next } = finder;
  const isFound = (row: Found<Rec>): row is Found<Rec> & { readonly record: Rec } =>
    row.record !== undefined && isWanted?.(row.record) !== false;
  const mostRows = Math.min(pageSize, MAX_ROWS);
  let maxRows = mostRows;
  let wanted = limit;
  let growth = 1;
  for (let after = start; ; await turnOfTheLoop()) {
    const rowCount = growth * (isWanted ? maxRows : Math.min(wanted, maxRows));
    const isWhole = rowCount === 1 || growth > 1;
    const maxBytes = isWhole ? Number.MAX_SAFE_INTEGER : Math.floor(MAX_BYTES / rowCount);
    const query = (after ? next : first)({ ...values, ...after, limit: rowCount, maxBytes });
    const { found, byteCount, fewerRows } = await rowsOf(client, finder.reader, query, { rowCount, isWhole });
    bytes?.add(byteCount);
    const isLast = fewerRows === undefined && found.length < rowCount;
    // Rows at the end that do not say where they stand are left for the next page: a larger one, if none of them does.
    const end = isLast ? found.length : 1 + found.findLastIndex((row) => placeOf(order, row) !== undefined);
    // As many as may be read at once if they are as long as these.
    const fitting = Math.max(1, Math.min(Math.floor((rowCount * MAX_BYTES) / byteCount), mostRows));
    maxRows = fewerRows ?? (end === 0 ? maxRows : fitting);
    if (fewerRows !== undefined && end === 0) continue;
    growth = end === 0 ? growth * 2 : 1;
    const rows = found.slice(0, end);
    if (!isLast && bytes?.areEnough && rows.some(isFound)) {
      bytes.hasEndedPage = true;
      wanted = Math.min(wanted, rows.filter(isFound).length);
    }
    const records: Rec[] = [];
    for (const row of rows) {
      if (row.damage.length > 0) onDamage(row.damage, row.record !== undefined, row.rowId);
      if (isFound(row) && records.push(row.record) === wanted) break;
    }
    yield records;
    wanted -= records.length;
    if (isLast || wanted === 0) return;
    const last = found[end - 1];
    if (last) after = placeOf(order, last);
  }
}

type Rows<Rec> = {
  readonly found: Found<Rec>[];
  readonly byteCount: number;
  /** Where not all could be read: how many may be read at once from there on. */
  readonly fewerRows?: number;
};

/** The rows before one that is too long; none where a server does not let its answer be so long. */
async function rowsOf<Rec>(
  client: Pick<CallClient, "first">,
  reader: RowReader<Rec>,
  query: SqlStatement,
  { rowCount, isWhole }: { rowCount: number; isWhole: boolean },
): Promise<Rows<Rec>> {
  try {
    const bytes = bytesOf((await client.first(query, { deadlineMs: undefined }))?.[0]);
    const found = reader.foundIn(bytes);
    const end = found.findIndex(({ unreadBytes }) => unreadBytes !== undefined);
    const { unreadBytes } = found[end] ?? {};
    if (unreadBytes === undefined) return { found, byteCount: bytes.length };
    return {
      found: found.slice(0, end),
      byteCount: bytes.length,
      fewerRows: Math.max(1, Math.floor(MAX_BYTES / unreadBytes)),
    };
  } catch (error) {
    if (isWhole || !isTooLarge(error)) throw error;
    return { found: [], byteCount: 0, fewerRows: Math.ceil(rowCount / 2) };
  }
}

/** What was read for a page: where that is much, the page ends with a record, and all that is behind it, damage too, is left for the next one. */
export class BytesRead {
  #bytes = 0;
  hasEndedPage = false;

  add(bytes: number): void {
    this.#bytes += bytes;
  }

  get areEnough(): boolean {
    return this.#bytes >= MAX_BYTES;
  }
}

/** All batches as one list. */
export async function collect<Rec>(batches: AsyncIterable<Rec[]>): Promise<Rec[]> {
  let all: Rec[] | undefined;
  for await (const records of batches) {
    if (all === undefined) all = records;
    else for (const record of records) all.push(record);
  }
  return all ?? [];
}

/** One page of records, and after which of them the next one goes on; null where there is none. */
export async function readPage<Rec extends { readonly id: string }, V extends Values>(
  client: Pick<CallClient, "first">,
  finder: Finder<Rec, V>,
  values: V,
  paging: Paging<Rec> & { limit: number },
): Promise<{ records: Rec[]; nextAfter: string | null }> {
  const records = await collect(pages(client, finder, values, paging));
  const isEnd = records.length < paging.limit && !paging.bytes?.hasEndedPage;
  return { records, nextAfter: isEnd ? null : (records.at(-1)?.id ?? null) };
}
