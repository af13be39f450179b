import { plain } from "../drivers/client.ts";
import { FileClient } from "../drivers/file/client.ts";
import { affinityOf, fromHex, linesFromHex } from "../sql/identity.ts";
import { knownMigrations, type MigrationState } from "../sql/migrations.ts";
import type { Reader } from "./sql-thread.ts";

/** How the tables, columns and indexes of a catalog differ from what its migrations make. */
export type SchemaDifferences = {
  readonly missing: readonly string[];
  /** Made by others; they do no harm. */
  readonly further: readonly string[];
  /** Not as our migrations make it, or made by others on our tables so that writes to them do something else. */
  readonly changed: readonly string[];
};

/** What a part is like, such as `INTEGER`, its table, and what it does to writes there if another program made it. */
type Shape = { readonly shape: string; readonly table: string; readonly harm?: string | undefined };
/** By what there is, such as `column hives.port`. */
type Parts = Map<string, Shape>;

/** Tables that SQLite, its tools, servers and migrators keep for themselves. */
const HOUSEKEEPING = /^(?:sqlite_|libsql_|_litestream_|__drizzle_)/;
const TABLES = "(SELECT name FROM sqlite_schema WHERE type = 'table') AS tables";
/** Not NOT NULL: in the file of another program that was adopted, the key may lack it. */
const COLUMNS = `SELECT hex(tables.name), hex(columns.name), hex(columns.type), columns.pk
  FROM ${TABLES}, pragma_table_info(tables.name) AS columns`;
/** Those of CREATE INDEX and of UNIQUE in a table, but not of its key. */
const INDEXES = `SELECT hex(tables.name), hex(indexes.name), hex(group_concat(columns.name, ', ')), indexes."unique", indexes.partial,
  (SELECT hex(sql) FROM sqlite_schema WHERE type = 'index' AND name = indexes.name)
  FROM ${TABLES}, pragma_index_list(tables.name) AS indexes, pragma_index_info(indexes.name) AS columns
  WHERE indexes.origin IN ('c', 'u') GROUP BY tables.name, indexes.name`;
const TRIGGERS = "SELECT hex(tbl_name), hex(name) FROM sqlite_schema WHERE type = 'trigger'";

export async function compareSchema(reader: Reader, state: MigrationState): Promise<SchemaDifferences> {
  const [found, expected] = [await partsOf(reader), await expectedParts(state)];
  const changed = [...expected].flatMap(([part, { shape }]) => {
    const actual = found.get(part);
    return actual === undefined || actual.shape === shape ? [] : [`${part} is ${actual.shape}, must be ${shape}`];
  });
  const further: string[] = [];
  for (const [part, { shape, table, harm }] of without(found, expected)) {
    if (harm !== undefined && expected.has(`table ${table}`)) changed.push(`${part} is ${shape}, must not be: ${harm}`);
    else further.push(part);
  }
  return { missing: without(expected, found).map(([part]) => part), further, changed };
}

/** Without any migration the file was made by another program, after the same specification as the first one. */
async function expectedParts({ applied }: MigrationState): Promise<Parts> {
  const migrations = applied.length > 0 ? applied : knownMigrations().slice(0, 1);
  const memory = new FileClient({ target: ":memory:", path: undefined, busyTimeoutMs: 0 });
  try {
    for (const { sql } of migrations) for (const statement of sql) await memory.execute(plain(statement));
    return await partsOf(memory);
  } finally {
    memory.close();
  }
}

async function partsOf(reader: Reader): Promise<Parts> {
  const parts: Parts = new Map();
  for (const row of (await reader.execute(plain(COLUMNS))).rows) {
    const [table, column, type] = [nameIn(row[0]), nameIn(row[1]), affinityOf(fromHex(row[2]))];
    if (HOUSEKEEPING.test(table)) continue;
    parts.set(`table ${table}`, { shape: "a table", table });
    const shape = Number(row[3]) > 0 ? `${type} PRIMARY KEY` : type;
    parts.set(`column ${table}.${column}`, { shape, table });
  }
  for (const row of (await reader.execute(plain(INDEXES))).rows) {
    const [table, index, columns] = [nameIn(row[0]), nameIn(row[1]), nameIn(row[2])];
    if (HOUSEKEEPING.test(table)) continue;
    const isUnique = Number(row[3]) === 1;
    const rows = Number(row[4]) === 1 ? ` where ${conditionOf(linesFromHex(row[5]))}` : "";
    const shape = `on ${table} (${columns})${isUnique ? " unique" : ""}${rows}`;
    parts.set(`index ${index}`, { shape, table, harm: isUnique ? "it refuses what the catalog allows" : undefined });
  }
  for (const row of (await reader.execute(plain(TRIGGERS))).rows) {
    const [table, trigger] = [nameIn(row[0]), nameIn(row[1])];
    parts.set(`trigger ${trigger}`, { shape: `on ${table}`, table, harm: "it changes what is written" });
  }
  return parts;
}

/** To SQLite, names that differ only in case are one. */
function nameIn(value: unknown): string {
  return fromHex(value).toLowerCase();
}

/** What a partial index says of its rows, however it is written. */
function conditionOf(sql: string): string {
  const [, condition = ""] = /\)\s*where\b(.*)$/is.exec(sql) ?? [];
  return condition
    .replace(/["`[\]]/g, "")
    .replace(/\s+/g, " ")
    .trim()
    .toLowerCase();
}

function without(parts: Parts, others: Parts): [string, Shape][] {
  return [...parts].filter(([part]) => !others.has(part));
}
