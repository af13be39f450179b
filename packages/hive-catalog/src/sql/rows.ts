import { isUtf8 } from "node:buffer";
import { randomBytes } from "node:crypto";
import { getTableColumns, getTableName, type SQL, type SQLWrapper, sql } from "drizzle-orm";
import type { SQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core";
import type { SqlRow } from "../drivers/client.ts";
import { HiveCatalogError, type HiveCatalogErrorCode } from "../errors.ts";
import { type Field, type Fields, isKey, type Stored } from "../model/fields.ts";
import type { DamagedRecord } from "../options.ts";

/** What a row holds, as far as it is sound, and where it stands in its table. */
export type Found<Rec> = {
  /** As text: one of another program may be larger than what a JavaScript number holds. */
  readonly rowId: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly damage: readonly DamagedRecord[];
  /** What lists have: the record, or what stands in for a damaged one. */
  readonly record: Rec | undefined;
  /** Of a row of which nothing was read, because it is too long: how many bytes it has. */
  readonly unreadBytes?: number;
};

type Options<Rec> = {
  table: SQLiteTable;
  fields: Fields;
  /** What a row is, such as `token`. */
  thing: string;
  /** Of the error for a single read of a damaged row. */
  code?: HiveCatalogErrorCode;
  /** What lists have in place of a damaged row, made from what is sound of it; by default nothing. */
  standIn?: (values: Found<Rec>["values"], damaged: readonly string[]) => Rec | undefined;
};

/** Stands in each row behind its JSON column. Of this process alone, so that no stored row can know it. */
const SEAL = randomBytes(5).toString("base64url");
const ROW = new RegExp(`[[,]\\[(?:(.*?),)??"${SEAL}",(\\[(?:"(?:[^"\\\\]|\\\\.)*"|[^"\\]])*\\])\\]`, "gsy");
const MAX_EXACT = Number.MAX_SAFE_INTEGER;
const NO_DAMAGE: readonly DamagedRecord[] = [];

type Column = Stored & Pick<Field, "column" | "isNullable"> & { readonly name: string; readonly sql: SQLiteColumn };

const listed = (rows: SQL) => sql`CAST('[' || ${rows} || ']' AS BLOB)`;
/** What a statement selects to read all the rows of a query, each of which is its `row`. */
export const ALL_ROWS = { rows: listed(sql`ifnull(group_concat(row, ','), '')`).as("rows") };

/**
 * How the rows of a table become records.
 *
 * SQLite writes rows as one JSON text, `[[{"cpu":null,"gpus":[]},"seal",[17,"gpu-01","10.0.0.1",8600,…]],…]`: of each the JSON column as it is
 * stored, which is not there where it is NULL, then the row id and the plain columns; or, where a column has a wrong type, the type and the bytes of every column, for
 * JSON would hide it (a BLOB may pass for JSON there, and a REAL is cut to 15 digits). Sound rows are read as they are parsed. If anything
 * is wrong with one of them, each is cut out at its seal, and looked at column by column: nothing in a damaged column can hide another.
 * The text travels as a BLOB: each value that crosses the binding costs more than joining it does, and at a text that is not UTF-8 the binding
 * ends the process.
 */
export class RowReader<Rec> {
  /** The table's name in the database. */
  readonly name: string;
  readonly table: SQLiteTable;
  readonly #options: Options<Rec>;
  readonly #code: HiveCatalogErrorCode;
  readonly #columns: readonly Column[];
  readonly #plain: readonly Column[];
  readonly #json: Column | undefined;

  constructor(options: Options<Rec>) {
    const { table, fields, code = "CORRUPT_RECORD" } = options;
    const columns = getTableColumns(table) as Record<string, SQLiteColumn>;
    this.#options = options;
    this.table = table;
    this.name = getTableName(table);
    this.#code = code;
    this.#columns = Object.entries(fields).map(([name, { column, isNullable, stored }]) => ({
      ...{ name, column, isNullable, sql: columns[name] as SQLiteColumn },
      ...stored,
    }));
    this.#plain = this.#columns.filter(({ decode }) => decode === undefined);
    const [json, ...others] = this.#columns.filter(({ decode }) => decode !== undefined);
    if (others.length > 0) throw new Error(`${this.name} has two JSON columns, and a row has a place for one`);
    this.#json = json;
  }

  /** One that reads of each row what stands in these columns alone; the same where none is left out. */
  ofColumns(there: ReadonlySet<string>): RowReader<Partial<Rec>> {
    const { fields } = this.#options;
    const kept = Object.entries(fields).filter(([, { column }]) => there.has(column));
    if (kept.length === this.#columns.length) return this;
    return new RowReader<Partial<Rec>>({ ...this.#options, fields: Object.fromEntries(kept) });
  }

  /** What a statement selects or returns to read a single row. */
  get single(): { row: SQL.Aliased } {
    return { row: listed(this.row).as("row") };
  }

  /** A row as JSON text. */
  get row(): SQL {
    const hasTypes = this.#columns.map(({ sql: column, type, isNullable }) => {
      const hasType = sql`typeof(${column}) = ${sql.raw(`'${type}'`)}`;
      return isNullable ? sql`(${column} IS NULL OR ${hasType})` : hasType;
    });
    const isSound = sql.join(
      [sql`rowid BETWEEN ${sql.raw(`-${MAX_EXACT} AND ${MAX_EXACT}`)}`, ...hasTypes],
      sql` AND `,
    );
    const values = this.#plain.map(({ sql: column }) => column);
    const bytes = this.#columns.map(({ sql: column }) => sql`typeof(${column}), hex(${column})`);
    const list = (items: SQLWrapper[]) => sql`json_array(${sql.join(items, sql`, `)})`;
    const cells = sql`iif(${isSound}, ${list([sql`rowid`, ...values])}, ${list([sql`CAST(rowid AS TEXT)`, ...bytes])})`;
    const json = this.#json ? sql`ifnull(${this.#json.sql} || ',', '')` : sql`''`;
    return sql`'[' || ${json} || ${sql.raw(`'"${SEAL}",'`)} || ${cells} || ']'`;
  }

  /** The same; of a row whose long columns have more bytes than that, only how many. SQLite knows it without reading them. */
  rowWithin(maxBytes: SQLWrapper): SQL {
    const long = this.#columns.filter(({ isLong }) => isLong);
    if (long.length === 0) return this.row;
    const bytes = sql.join(
      long.map(({ sql: column }) => sql`ifnull(octet_length(${column}), 0)`),
      sql` + `,
    );
    return sql`iif(${bytes} > ${maxBytes}, ${sql.raw(`'["${SEAL}",['`)} || (${bytes}) || ']]', ${this.row})`;
  }

  /** What is in the rows that a statement selected. Throws CATALOG_UNAVAILABLE: a server may answer anything. */
  found([rows]: SqlRow = []): Found<Rec>[] {
    return this.foundIn(bytesOf(rows));
  }

  foundIn(bytes: Buffer): Found<Rec>[] {
    const sound = this.#sound(bytes);
    if (sound !== undefined) return sound;
    const found = Array.from(bytes.toString("latin1").matchAll(ROW), (row) => this.#inspected(row));
    if (found.length > 0) return found;
    throw new HiveCatalogError("CATALOG_UNAVAILABLE", "the database gave no rows where it was asked for some");
  }

  /** Undefined when anything in one of them is damaged. A NUL in a text is damage, and stands there as \u0000. */
  #sound(bytes: Buffer): Found<Rec>[] | undefined {
    if (!isUtf8(bytes) || bytes.includes("\\u0000")) return undefined;
    try {
      return (JSON.parse(bytes.toString("utf8")) as unknown[][]).map((row) => this.#soundRow(row));
    } catch {
      return undefined;
    }
  }

  /** Throws when anything in it is damaged. */
  #soundRow(row: unknown[]): Found<Rec> {
    const hasJson = row.length === 3;
    const cells = row.at(-1) as (string | number | null)[];
    if (row.length > 3 || row.at(-2) !== SEAL || cells.length > this.#plain.length + 1) throw new Error("damaged");
    if (cells.length === 1) return unread(cells[0]);
    const values: Record<string, unknown> = {};
    let next = 1;
    // Counted, not iterated: this is what reading costs beside SQLite and JSON.parse.
    for (let place = 0; place < this.#columns.length; place++) {
      const { name, isSound, decode } = this.#columns[place] as Column;
      if (decode !== undefined) {
        values[name] = hasJson ? decode(row[0]) : null;
        continue;
      }
      const value = cells[next++] ?? null;
      if (value !== null && isSound !== undefined && !isSound(value)) throw new Error("damaged");
      values[name] = value;
    }
    return { rowId: String(cells[0]), values, damage: NO_DAMAGE, record: values as Rec };
  }

  /** One character stands for each byte. */
  #inspected([, json, list = ""]: RegExpExecArray): Found<Rec> {
    const [rowId, ...held]: unknown[] = JSON.parse(list);
    if (held.length === 0) return unread(rowId);
    const isPlain = held.length === this.#plain.length;
    const cells = this.#columns.map(({ type, decode }) => {
      if (!isPlain) return cellOf(held.shift(), held.shift(), "hex");
      return cellOf(type, decode === undefined ? held.shift() : json, "latin1");
    });
    const id = shown(cells[0]);
    const values: Record<string, unknown> = {};
    const damage: DamagedRecord[] = [];
    for (const [place, column] of this.#columns.entries()) {
      const held = heldIn(column, cells[place] ?? NULL);
      if ("problem" in held) damage.push({ table: this.name, id, column: column.column, problem: held.problem });
      else values[column.name] = held.value;
    }
    const damaged = damage.map(({ column }) => column);
    const record = damage.length === 0 ? (values as Rec) : this.#options.standIn?.(values, damaged);
    return { rowId: String(rowId), values, damage, record };
  }

  /** The record of a row that was read alone. Throws the error for a damaged one. */
  record(row: SqlRow): Rec | undefined {
    return this.records(row)[0];
  }

  /** The records of rows, all of which have to be sound. Throws the error for a damaged one. */
  records(rows: SqlRow | undefined): Rec[] {
    return this.found(rows).map(({ damage, record }) => {
      if (record === undefined || damage.length > 0) throw this.#corrupt(damage);
      return record;
    });
  }

  #corrupt(damage: readonly DamagedRecord[]): HiveCatalogError {
    return new HiveCatalogError(this.#code, this.warning(damage, true), {
      ...(this.#code === "CORRUPT_HIVE" && { hiveId: damage[0]?.id ?? "" }),
      problems: damage.map(({ column, problem }) => ({ field: column, message: problem })),
    });
  }

  /** The name of a process warning of a damaged row. */
  get warningName(): string {
    return this.#code === "CORRUPT_HIVE" ? "CorruptHiveWarning" : "CorruptRecordWarning";
  }

  /** What is said of a damaged row, and of one that a list left out. */
  warning(damage: readonly DamagedRecord[], isListed: boolean): string {
    const list = damage.map(({ column, problem }) => `${column} ${problem}`).join("; ");
    const isLeftOut = isListed ? "" : " and was left out";
    return `the stored ${this.#options.thing} '${damage[0]?.id ?? ""}' is damaged${isLeftOut}: ${list}`;
  }
}

/** The driver for files gives a Buffer, the one for servers an ArrayBuffer, a thread a Uint8Array. */
export function bytesOf(blob: unknown): Buffer {
  return Buffer.isBuffer(blob) ? blob : Buffer.from((blob ?? []) as ArrayBuffer);
}

const unread = (bytes: unknown): Found<never> => ({
  ...{ rowId: "", values: {}, damage: NO_DAMAGE, record: undefined },
  unreadBytes: Number(bytes),
});

/** The key of a row that came as bytes; undefined for one that another program damaged, and that so cannot be asked for. */
export function keyOf(blob: unknown): string | undefined {
  const bytes = bytesOf(blob);
  const key = bytes.toString("utf8");
  return isUtf8(bytes) && isKey(key) ? key : undefined;
}

type Cell = { readonly type: string; readonly bytes: Buffer };

const NULL: Cell = { type: "null", bytes: Buffer.alloc(0) };

function cellOf(type: unknown, held: unknown, encoding: "hex" | "latin1"): Cell {
  if (type === "null" || (held ?? null) === null) return NULL;
  return { type: String(type), bytes: Buffer.from(String(held), encoding) };
}

function heldIn(column: Column, { type, bytes }: Cell): { value: unknown } | { problem: string } {
  const { sentence, isSound, decode, isNullable } = column;
  if (type === "null") return isNullable ? { value: null } : { problem: `${sentence}, is NULL` };
  const text = bytes.toString("utf8");
  const is = `is the ${type} '${shown({ type, bytes })}'`;
  if (type !== column.type) return { problem: `${sentence}, ${is}` };
  if (!isUtf8(bytes) || bytes.includes(0)) return { problem: `${sentence}, ${is}, whose bytes are no text` };
  const value = type === "integer" ? Number(text) : text;
  if (isSound !== undefined && !isSound(value)) return { problem: `${sentence}, ${is}` };
  if (decode === undefined) return { value };
  try {
    return { value: decode(JSON.parse(text)) };
  } catch (error) {
    return { problem: `${sentence}: ${error instanceof Error ? error.message : String(error)}` };
  }
}

const MAX_SHOWN = 128;

/** What a column holds as it may be shown: it may be anything. */
function shown({ type, bytes }: Cell = NULL): string {
  if (type === "null") return "NULL";
  const printable = bytes.toString("utf8").replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, "\uFFFD");
  return printable.length > MAX_SHOWN ? `${printable.slice(0, MAX_SHOWN)}…` : printable;
}
