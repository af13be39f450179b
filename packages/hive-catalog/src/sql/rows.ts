import { isUtf8 } from "node:buffer";
import { randomBytes } from "node:crypto";
import { getTableColumns, getTableName, type SQL, sql } from "drizzle-orm";
import type { SQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core";
import type { SqlRow } from "../drivers/client.ts";
import { HiveCatalogError, type HiveCatalogErrorCode } from "../errors.ts";
import type { Field, Fields, Stored } from "../model/fields.ts";
import type { DamagedRecord } from "../options.ts";

/** What a row holds, as far as it is sound, and where it stands in its table. */
export type Place = { readonly rowId: string | number; readonly values: Readonly<Record<string, unknown>> };

/** A row that was read column by column. */
export type Found<Rec> = Place & {
  readonly rowId: string;
  readonly damage: readonly DamagedRecord[];
  /** What lists have: the record, or what stands in for a damaged one. */
  readonly record: Rec | undefined;
};

type Options<Rec> = {
  table: SQLiteTable;
  fields: Fields;
  /** What a row is, such as `token`. */
  thing: string;
  /** Of the error for a single read of a damaged row. */
  code?: HiveCatalogErrorCode;
  /** What lists have in place of a damaged row, made from what is sound of it; by default nothing. */
  standIn?: (values: Place["values"], damaged: readonly string[]) => Rec | undefined;
};

/** Of this process alone. */
const SEAL = randomBytes(5).toString("base64url");

type Column = Stored & Pick<Field, "column" | "isNullable"> & { readonly name: string; readonly sql: SQLiteColumn };

/**
 * How the rows of a table become records: fast where all is sound, and column by column where something is not.
 *
 * Fast: SQLite writes a row as JSON, `[[17,"gpu-01","10.0.0.1",8600,…],{"cpu":null,"gpus":[]},"seal"]`: the row id and the plain columns, then the
 * JSON column as it is stored, which is not there where it is NULL. What is broken in it breaks the whole; the seal, which no stored row can know, shows
 * that it has not led out of its place. A row is `null` where a column has a wrong type, which JSON would hide (a BLOB may pass for JSON there, and a REAL is cut to 15 digits).
 * A page of rows is one list of them; SQLite promises no order inside it, and to ask for one costs a third of the statement, as measured: so the
 * order is looked at instead. Both travel as a BLOB: each value that crosses the binding costs more than joining it does, and
 * at a text that is not UTF-8 the binding ends the process.
 */
export class RowReader<Rec> {
  /** The table's name in the database. */
  readonly name: string;
  readonly table: SQLiteTable;
  readonly #thing: string;
  readonly #code: HiveCatalogErrorCode;
  readonly #standIn: Options<Rec>["standIn"];
  readonly #columns: readonly Column[];
  readonly #plain: readonly Column[];
  readonly #json: Column | undefined;

  constructor({ table, fields, thing, code = "CORRUPT_RECORD", standIn }: Options<Rec>) {
    const columns = getTableColumns(table) as Record<string, SQLiteColumn>;
    this.table = table;
    this.name = getTableName(table);
    this.#thing = thing;
    this.#code = code;
    this.#standIn = standIn;
    this.#columns = Object.entries(fields).map(([name, { column, isNullable, stored }]) => ({
      ...{ name, column, isNullable, sql: columns[name] as SQLiteColumn },
      ...stored,
    }));
    this.#plain = this.#columns.filter(({ decode }) => decode === undefined);
    const [json, ...others] = this.#columns.filter(({ decode }) => decode !== undefined);
    if (others.length > 0) throw new Error(`${this.name} has two JSON columns, and a row has a place for one`);
    this.#json = json;
  }

  /** A row as JSON text. */
  get json(): SQL {
    const hasTypes = this.#columns.map(({ sql: column, type, isNullable }) => {
      const hasType = sql`typeof(${column}) = ${sql.raw(`'${type}'`)}`;
      return isNullable ? sql`(${column} IS NULL OR ${hasType})` : hasType;
    });
    const cells = sql.join([sql`rowid`, ...this.#plain.map(({ sql: column }) => column)], sql`, `);
    const further = this.#json ? sql`ifnull(',' || ${this.#json.sql}, '')` : sql`''`;
    return sql`iif(${sql.join(hasTypes, sql` AND `)}, '[' || json_array(${cells}) || ${further} || ${sql.raw(`',"${SEAL}"]'`)}, 'null')`;
  }

  /** What a statement selects or returns to read single rows fast: `record` reads it. */
  get fast(): Record<string, SQL.Aliased> {
    return { row: sql`CAST(${this.json} AS BLOB)`.as("row") };
  }

  /** The record of a row; undefined when anything in it is damaged. */
  record(row: SqlRow): Rec | undefined {
    const json = parsed(row[0]);
    return json === undefined ? undefined : this.#recordIn(json)?.record;
  }

  /** The records of a page of rows, each of which `follows` the one before, and where the last one stands; undefined when anything in it is damaged. */
  page(
    [rows, count]: SqlRow,
    follows: (next: Place, former: Place) => boolean,
  ): { records: Rec[]; last: Place | undefined } | undefined {
    if (count === 0) return { records: [], last: undefined };
    const json = parsed(rows);
    if (!Array.isArray(json) || json.length !== count) return undefined;
    const records: Rec[] = [];
    let last: Place | undefined;
    for (const row of json) {
      const found = this.#recordIn(row);
      if (found === undefined) return undefined;
      const place: Place = { rowId: found.rowId, values: found.record as Place["values"] };
      if (last !== undefined && !follows(place, last)) return undefined;
      records.push(found.record);
      last = place;
    }
    return { records, last };
  }

  #recordIn(json: unknown): { record: Rec; rowId: number } | undefined {
    if (!Array.isArray(json) || json.length > (this.#json ? 3 : 2) || json.at(-1) !== SEAL) return undefined;
    const [cells, held] = json as [(string | number | null)[], unknown];
    const rowId = cells[0];
    if (!Number.isSafeInteger(rowId)) return undefined;
    const record: Record<string, unknown> = {};
    let next = 1;
    // Counted, not iterated: this is what reading costs beside SQLite and JSON.parse.
    for (let place = 0; place < this.#columns.length; place++) {
      const { name, isSound, decode } = this.#columns[place] as Column;
      if (decode === undefined) {
        const value = cells[next++] ?? null;
        if (value !== null && isSound !== undefined && !isSound(value)) return undefined;
        record[name] = value;
        continue;
      }
      try {
        record[name] = json.length === 3 ? decode(held) : null;
      } catch {
        return undefined;
      }
    }
    return { record: record as Rec, rowId: rowId as number };
  }

  /** What a statement selects to read rows column by column: nothing in a damaged column can hide another. `inspect` reads it. */
  get careful(): Record<string, SQL.Aliased> {
    const cells = this.#columns.flatMap(({ sql: column, column: name }) => [
      [`${name}_type`, sql`typeof(${column})`.as(`${name}_type`)],
      [`${name}_hex`, sql`hex(${column})`.as(`${name}_hex`)],
    ]);
    // As text: one of another program may be larger than what a JavaScript number holds.
    return { row_id: sql`CAST(rowid AS TEXT)`.as("row_id"), ...Object.fromEntries(cells) };
  }

  inspect(row: SqlRow): Found<Rec> {
    const cells = this.#columns.map((_, place) => cellAt(row, place));
    const id = shown(cells[0]);
    const values: Record<string, unknown> = {};
    const damage: DamagedRecord[] = [];
    for (const [place, column] of this.#columns.entries()) {
      const held = heldIn(column, cells[place] ?? NULL);
      if ("problem" in held) damage.push({ table: this.name, id, column: column.column, problem: held.problem });
      else values[column.name] = held.value;
    }
    const damaged = damage.map(({ column }) => column);
    const record = damage.length === 0 ? (values as Rec) : this.#standIn?.(values, damaged);
    return { rowId: String(row[0]), values, damage, record };
  }

  /** The error for a single read of a damaged row. */
  corrupt(damage: readonly DamagedRecord[]): HiveCatalogError {
    const id = damage[0]?.id ?? "";
    const list = damage.map(({ column, problem }) => `${column} ${problem}`).join("; ");
    return new HiveCatalogError(this.#code, `the stored ${this.#thing} '${id}' is damaged: ${list}`, {
      ...(this.#code === "CORRUPT_HIVE" && { hiveId: id }),
      problems: damage.map(({ column, problem }) => ({ field: column, message: problem })),
    });
  }

  /** The name of a process warning of a damaged row. */
  get warningName(): string {
    return this.#code === "CORRUPT_HIVE" ? "CorruptHiveWarning" : "CorruptRecordWarning";
  }

  /** What is said of a damaged row that a list met. */
  warning(damage: readonly DamagedRecord[], isListed: boolean): string {
    const list = damage.map(({ column, problem }) => `${column} ${problem}`).join("; ");
    const isLeftOut = isListed ? "" : " and was left out";
    return `the stored ${this.#thing} '${damage[0]?.id ?? ""}' is damaged${isLeftOut}: ${list}`;
  }
}

/** A text that SQLite wrote as JSON, in a BLOB; undefined when it is broken. A NUL in a text is damage, and stands there as \u0000. */
function parsed(blob: unknown): unknown {
  const bytes = bytesOf(blob);
  if (!isUtf8(bytes) || bytes.includes("\\u0000")) return undefined;
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}

/** The driver for files gives a Buffer, the one for servers an ArrayBuffer, a thread a Uint8Array. */
function bytesOf(blob: unknown): Buffer {
  return Buffer.isBuffer(blob) ? blob : Buffer.from((blob ?? []) as ArrayBuffer);
}

type Cell = { readonly type: string; readonly bytes: Buffer };

const NULL: Cell = { type: "null", bytes: Buffer.alloc(0) };
const [TYPE, HEX, WIDTH] = [1, 2, 2];

function cellAt(row: SqlRow, place: number): Cell {
  return {
    type: String(row[WIDTH * place + TYPE]),
    bytes: Buffer.from(String(row[WIDTH * place + HEX] ?? ""), "hex"),
  };
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
