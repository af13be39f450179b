import { isUtf8 } from "node:buffer";
import type { Row } from "@libsql/client";
import { and, asc, desc, getTableColumns, getTableName, gt, lt, type SQL, sql } from "drizzle-orm";
import { QueryBuilder, type SQLiteTable } from "drizzle-orm/sqlite-core";
import type { z } from "zod";
import { turnOfTheLoop } from "../drivers/file/mutex.ts";
import { withoutDeadline } from "../drivers/server/retry.ts";
import { HiveCatalogError } from "../errors.ts";
import { problemsOf } from "../model/check.ts";
import { tell } from "../observer.ts";
import type { Database } from "../sql/open.ts";
import { given, type Statement } from "../sql/statement.ts";

/** What the verbs of a table need of their catalog, which lets them in by its door. */
export type Access = { readonly database: Database; readonly now: () => number };

/** One column of one stored record that another program damaged. `id` is what the row holds for a key, as text. */
export type DamagedRecord = {
  readonly table: string;
  readonly id: string;
  readonly column: string;
  readonly problem: string;
};

type Options<Output> = {
  table: SQLiteTable;
  /** What a row is, such as `token`. */
  thing: string;
  /** What a sound row is. */
  schema: z.ZodType<Output>;
  /** What lists have in place of a damaged row, made from its columns as they are; by default nothing. */
  standIn?: (columns: Readonly<Record<string, unknown>>, damaged: readonly string[]) => Output | undefined;
};

type PageValues = { limit?: number; hiveId?: string | undefined };

type Found<Output> =
  | { readonly data: Output }
  | { readonly damage: readonly DamagedRecord[]; readonly standIn: Output | undefined };

const rowId = sql`rowid`;
const givenRowId = sql`CAST(${given("rowId")} AS INTEGER)`;
/**
 * In the order in which the rows were added, whatever the clock said: a new row gets the highest row id. `start` is a row id as text: one of
 * another program may be larger than what a JavaScript number holds.
 */
export const oldestFirst = { after: gt(rowId, givenRowId), order: asc(rowId), start: "-9223372036854775808" };
export const newestFirst = { after: lt(rowId, givenRowId), order: desc(rowId), start: "9223372036854775807" };

/** Where a row stands in its table. */
export function rowIdOf(row: Row): string {
  return String(row[ROW_ID]);
}

/** An operation's row can be large. */
const MAX_BATCH = 200;
const MAX_SHOWN = 128;
const MAX_WARNINGS = 1000;
const [ROW_ID, TYPES, FIRST_CELL] = [0, 1, 2];

/**
 * How the rows of a table become records. Each column travels as a BLOB, beside the types of all: the binding aborts the process on a
 * text that is not UTF-8, and a client of a server throws on a number that JavaScript cannot hold. What a row holds is then checked as if a
 * caller had handed it in: so a damaged row never passes as sound. A single read of it throws CORRUPT_RECORD; lists leave it out, or have a stand-in, and tell.
 */
export class RecordTable<Output> {
  readonly #source: SQLiteTable;
  /** Its name in the database. */
  readonly name: string;
  /** What a statement selects or returns. */
  readonly columns: Record<string, SQL>;
  readonly #columns: [field: string, column: { readonly name: string }][];
  readonly #thing: string;
  readonly #schema: z.ZodType<Output>;
  readonly #standIn: Options<Output>["standIn"];
  readonly #warned = new Set<string>();

  constructor({ table, thing, schema, standIn }: Options<Output>) {
    const columns = Object.entries(getTableColumns(table));
    const types = sql.join(
      columns.map(([, column]) => sql`typeof(${column})`),
      sql` || ' ' || `,
    );
    const cells = columns.map(([name, column]) => [name, sql`CAST(${column} AS BLOB)`] as const);
    this.columns = { rowId: sql`CAST(rowid AS TEXT)`, types, ...Object.fromEntries(cells) };
    this.#columns = columns;
    this.#source = table;
    this.name = getTableName(table);
    this.#thing = thing;
    this.#schema = schema;
    this.#standIn = standIn;
  }

  /** The record in a row. Throws CORRUPT_RECORD. */
  record(row: Row): Output {
    const found = this.#read(row);
    if (!("damage" in found)) return found.data;
    const { damage } = found;
    const problems = damage.map(({ column, problem }) => ({ field: column, message: problem }));
    const list = damage.map(({ column, problem }) => `${column} ${problem}`).join("; ");
    throw new HiveCatalogError("CORRUPT_RECORD", `the stored ${this.#thing} '${damage[0]?.id}' is damaged: ${list}`, {
      problems,
    });
  }

  /** Every damaged column of a row; none if it is sound. */
  damageOf(row: Row): readonly DamagedRecord[] {
    const found = this.#read(row);
    return "damage" in found ? found.damage : [];
  }

  /** The rows in an order after the one with the row id `rowId`, `limit` at most. */
  page({ after, order }: typeof oldestFirst, condition?: SQL) {
    return new QueryBuilder()
      .select(this.columns)
      .from(this.#source)
      .where(and(condition, after))
      .orderBy(order)
      .limit(sql.placeholder("limit"));
  }

  /** The records that a `page` finds after the row id `start`, all of them by default. */
  listPages(page: Statement, start: string, { limit = Number.MAX_SAFE_INTEGER, ...values }: PageValues = {}) {
    return this.list(limit, (last, count) =>
      page.rows({ ...values, rowId: last ? rowIdOf(last) : start, limit: count }),
    );
  }

  /**
   * The sound records of a query, `limit` at most. `read` answers up to `count` rows after a given one, or the first ones; it is called on and on,
   * past damaged rows, so that fewer records than `limit` are all that there are. `onDamage` is told of each damaged column; a process warning
   * by default.
   */
  async list(
    limit: number,
    read: (after: Row | undefined, count: number) => Promise<Row[]>,
    onDamage?: (damage: DamagedRecord) => unknown,
  ): Promise<Output[]> {
    const records: Output[] = [];
    for (let last: Row | undefined; ; ) {
      const count = Math.min(limit - records.length, MAX_BATCH);
      const rows = await withoutDeadline(() => read(last, count));
      for (const row of rows) {
        const found = this.#read(row);
        const record = "data" in found ? found.data : found.standIn;
        if (record !== undefined) records.push(record);
        if ("data" in found) continue;
        if (onDamage) for (const damage of found.damage) tell(onDamage, damage);
        else this.#warn(found.damage, record !== undefined);
      }
      if (rows.length < count || records.length === limit) return records;
      last = rows.at(-1);
      await turnOfTheLoop();
    }
  }

  /** Once for each damaged record: the lists are read again and again. */
  #warn([first]: readonly DamagedRecord[], isListed: boolean): void {
    if (first === undefined) return;
    const { id, column, problem } = first;
    const warning = `the stored ${this.#thing} '${id}' is damaged${isListed ? "" : " and was left out"}: ${column} ${problem}`;
    if (this.#warned.has(warning) || this.#warned.size >= MAX_WARNINGS) return;
    this.#warned.add(warning);
    process.emitWarning(warning, "CorruptRecordWarning");
  }

  #read(row: Row): Found<Output> {
    const columns = Object.fromEntries(this.#columns.map(([name], place) => [name, cellAt(row, place)]));
    const result = this.#schema.safeParse(columns);
    if (result.success) return { data: result.data };
    const id = shown(row);
    const damage = new Map<string, DamagedRecord>();
    for (const { field, message } of problemsOf(result.error, this.#thing)) {
      const [name = "", ...path] = field.split(".");
      const column = this.#columns.find(([known]) => known === name)?.[1].name ?? name;
      const problem = [...path, message].join(" ");
      if (!damage.has(column)) damage.set(column, { table: this.name, id, column, problem });
    }
    return { damage: [...damage.values()], standIn: this.#standIn?.(columns, [...damage.keys()]) };
  }
}

/** A value that no rule of a field allows. */
const UNREADABLE = Symbol("unreadable");

function cellAt(row: Row, place: number): string | number | null | typeof UNREADABLE {
  const type = String(row[TYPES]).split(" ")[place];
  if (type === "null") return null;
  const bytes = bytesOf(row, place);
  if (type === "integer") return Number(bytes.toString("latin1"));
  return type === "text" && isUtf8(bytes) ? bytes.toString("utf8") : UNREADABLE;
}

/** The driver for files gives a Buffer, the one for servers an ArrayBuffer, a thread a Uint8Array. */
function bytesOf(row: Row, place: number): Buffer {
  const bytes = row[FIRST_CELL + place] as Uint8Array | ArrayBuffer | null;
  if (bytes === null) return Buffer.alloc(0);
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes as ArrayBuffer);
}

/** The first column of a row as it may be shown: it may hold anything. */
function shown(row: Row): string {
  const printable = bytesOf(row, 0)
    .toString("utf8")
    .replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, "\uFFFD");
  return printable.length > MAX_SHOWN ? `${printable.slice(0, MAX_SHOWN)}…` : printable;
}

/** The first column of a row, whatever it holds. */
export function keyOf(row: Row): Buffer {
  return bytesOf(row, 0);
}
