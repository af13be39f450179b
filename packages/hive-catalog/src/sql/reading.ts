import { and, asc, desc, gt, lt, type SQL, type SQLWrapper, sql } from "drizzle-orm";
import type { RequestOptions, SqlClient, SqlRow, SqlStatement, SqlValue } from "../drivers/client.ts";
import { isTooLarge } from "../drivers/errors.ts";
import { turnOfTheLoop } from "../event-loop.ts";
import type { DamagedRecord } from "../options.ts";
import type { Found, Place, RowReader } from "./rows.ts";
import { build, type Given, statement } from "./statement.ts";

type Values = Record<string, SqlValue>;
type Query<V> = (values: V) => SqlStatement;

/** A query for one row by its key, fast, and carefully: column by column. */
export type One<Rec, V> = { readonly reader: RowReader<Rec>; readonly fast: Query<V>; readonly careful: Query<V> };

export function one<Rec, V extends object>(reader: RowReader<Rec>, where: (given: Given<V>) => SQL): One<Rec, V> {
  const select = (columns: Record<string, SQL.Aliased>) =>
    statement<V>((given) => build.select(columns).from(reader.table).where(where(given)));
  return { reader, fast: select(reader.fast), careful: select(reader.careful) };
}

/** The record that a query for one row finds. Throws the error of its reader when another program damaged it. */
export async function readOne<Rec, V>(
  client: SqlClient,
  query: One<Rec, V>,
  values: V,
  options?: RequestOptions,
): Promise<Rec | undefined> {
  return soundRecord(client, query, values, await client.first(query.fast(values), options), options);
}

/** The record in a row of `query`. A damaged one is read once more: undefined when it is gone by then, and the record when it was mended. */
export async function soundRecord<Rec, V>(
  client: SqlClient,
  { reader, careful }: One<Rec, V>,
  values: V,
  row: SqlRow | undefined,
  options?: RequestOptions,
): Promise<Rec | undefined> {
  const record = row && reader.record(row);
  if (row === undefined || record !== undefined) return record;
  const [again] = (await client.execute(careful(values), options)).rows;
  if (again === undefined) return undefined;
  const found = reader.inspect(again);
  if (found.damage.length > 0) throw reader.corrupt(found.damage);
  return found.record;
}

/** How rows are ordered, and how a page goes on after one of them. */
export type Order = {
  readonly by: readonly SQLWrapper[];
  readonly isDescending?: boolean;
  /** Of values that `placeOf` gives. */
  readonly after: (given: Given<Values>) => SQL;
  /** Undefined for a row whose own columns do not say where it stands. */
  readonly placeOf: (place: Place) => Values | undefined;
  /** Whether a row stands after another one. What it denies in error is only read more slowly. */
  readonly follows: (next: Place, former: Place) => boolean;
};

const givenRowId = (given: Given<Values>) => sql`CAST(${given.afterRowId} AS INTEGER)`;
const afterRowId = ({ rowId }: Place) => ({ afterRowId: String(rowId) });
/** In the order in which the rows were added, whatever the clock said: a new row gets the highest row id. */
export const oldestFirst: Order = {
  by: [sql`rowid`],
  after: (given) => gt(sql`rowid`, givenRowId(given)),
  placeOf: afterRowId,
  follows: (next, former) => Number(next.rowId) > Number(former.rowId),
};
export const newestFirst: Order = {
  by: [sql`rowid`],
  isDescending: true,
  after: (given) => lt(sql`rowid`, givenRowId(given)),
  placeOf: afterRowId,
  follows: (next, former) => Number(next.rowId) < Number(former.rowId),
};

type PageQuery = { readonly fast: Query<Values>; readonly careful: Query<Values> };

/** A query for whole records that is read in pages: the first one, and the one after a place. Each costs the same, however far it is. */
export type Finder<Rec, V> = {
  readonly reader: RowReader<Rec>;
  readonly order: Order;
  readonly first: PageQuery;
  readonly next: PageQuery;
  /** What it takes; never there. */
  readonly values?: V;
};

export function finder<Rec, V extends object>(
  reader: RowReader<Rec>,
  order: Order,
  where: (given: Given<V>) => SQL | undefined = () => undefined,
): Finder<Rec, V> {
  const page = (condition: (given: Given<Values>) => SQL | undefined): PageQuery => {
    const ordered = (columns: Record<string, SQL.Aliased>, given: Given<Values>) =>
      build
        .select(columns)
        .from(reader.table)
        .where(condition(given))
        .orderBy(...order.by.map((column) => (order.isDescending ? desc(column) : asc(column))))
        .limit(sql.placeholder("limit"));
    const row = { row: reader.json.as("row") };
    const rows = sql`CAST('[' || group_concat(row, ',') || ']' AS BLOB)`.as("rows");
    const count = sql`count(*)`.as("count");
    return {
      fast: statement((given) => build.select({ rows, count }).from(ordered(row, given).as("page"))),
      careful: statement((given) => ordered(reader.careful, given)),
    };
  };
  const filter = (given: Given<Values>) => where(given as unknown as Given<V>);
  return { reader, order, first: page(filter), next: page((given) => and(filter(given), order.after(given))) };
}

/** Rows that one statement reads at most, so that no read holds the event loop for long. */
export const MAX_PAGE = 1000;

/** Told of each damaged row, whether something stands in for it, and which row of its table it is. */
export type OnDamage = (damage: readonly DamagedRecord[], isListed: boolean, rowId: string) => void;

type Paging = {
  /** Records wanted in all; all by default. */
  limit?: number | undefined;
  /** Where to begin: after that place. */
  after?: Values | undefined;
  /** Records read at once. */
  pageSize?: number | undefined;
  onDamage: OnDamage;
  signals?: readonly AbortSignal[] | undefined;
};
type Page<Rec> = { records: Rec[]; next: Values | undefined };

/**
 * The sound records of a query in batches, at most `limit` in all; it reads on past damaged rows, which it tells, so that fewer are all that
 * there are. No statement stays open between batches, and the event loop turns. On a server each batch has a deadline of its own.
 */
export async function* pages<Rec, V extends Values>(
  client: SqlClient,
  finder: Finder<Rec, V>,
  values: V,
  { limit = Number.MAX_SAFE_INTEGER, after: start, pageSize = MAX_PAGE, onDamage, signals }: Paging,
): AsyncGenerator<Rec[], void, undefined> {
  const { reader, order } = finder;
  const query = (kind: keyof PageQuery, size: number, after: Values | undefined) =>
    (after ? finder.next : finder.first)[kind]({ ...values, ...after, limit: size });

  const readFast = async (size: number, after: Values | undefined): Promise<Page<Rec> | undefined> => {
    const page = reader.page((await client.first(query("fast", size, after), { signals })) ?? [null, 0], order.follows);
    if (page === undefined) return undefined;
    const { records, last } = page;
    return { records, next: records.length < size || last === undefined ? undefined : order.placeOf(last) };
  };

  /** Reads `rowCount` rows for `size` records: more than that when none of them says where it stands. */
  const readCarefully = async (size: number, after: Values | undefined, rowCount = size): Promise<Page<Rec>> => {
    const { rows } = await client.execute(query("careful", rowCount, after), { signals });
    const found = rows.map((row): Found<Rec> => reader.inspect(row));
    const isLast = found.length < rowCount;
    // Such rows at the end are left for the next page.
    const end = isLast ? found.length : 1 + found.findLastIndex((row) => order.placeOf(row) !== undefined);
    if (end === 0 && !isLast) return readCarefully(size, after, rowCount * 2);
    const records: Rec[] = [];
    for (const row of found.slice(0, end)) {
      const { damage, record } = row;
      if (damage.length > 0) onDamage(damage, record !== undefined, row.rowId);
      if (record !== undefined && records.push(record) === size) return { records, next: order.placeOf(row) };
    }
    const last = found[end - 1];
    return { records, next: isLast || last === undefined ? undefined : order.placeOf(last) };
  };

  /** Fewer rows, from then on, where an answer would be larger than the server lets it be. */
  const read = async (size: number, after: Values | undefined): Promise<Page<Rec>> => {
    try {
      return (await readFast(size, after)) ?? (await readCarefully(size, after));
    } catch (error) {
      if (size === 1 || !isTooLarge(error)) throw error;
      maxRows = Math.ceil(size / 2);
      return read(maxRows, after);
    }
  };

  let maxRows = pageSize;
  let wanted = limit;
  for (let after = start; ; ) {
    const { records, next } = await read(Math.min(wanted, maxRows), after);
    yield records;
    wanted -= records.length;
    if (next === undefined || wanted === 0) return;
    after = next;
    await turnOfTheLoop();
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
