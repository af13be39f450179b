import { EmbeddedClient } from "../embedded.ts";
import { knownMigrations } from "../migrations.ts";
import type { MigrationState } from "./migration-state.ts";
import { fromHex } from "./queries.ts";
import type { Reader } from "./sql-thread.ts";

/** How the tables, columns and indexes of a catalog differ from what its migrations make. */
export type SchemaDifferences = {
  readonly missing: readonly string[];
  /** Made by others; they do no harm. */
  readonly further: readonly string[];
  readonly changed: readonly string[];
};

/** What there is, such as `column hives.port`, and what it is like, such as `INTEGER`. */
type Parts = Map<string, string>;

/** Tables that SQLite, its tools, servers and migrators keep for themselves. */
const HOUSEKEEPING = /^(?:sqlite_|libsql_|_litestream_|__drizzle_)/;
const TABLES = "(SELECT name FROM sqlite_schema WHERE type = 'table') AS tables";
/** Not NOT NULL: in the file of another program that was adopted, the key may lack it. */
const COLUMNS = `SELECT hex(tables.name), hex(columns.name), hex(upper(columns.type)), columns.pk
  FROM ${TABLES}, pragma_table_info(tables.name) AS columns`;
const INDEXES = `SELECT hex(tables.name), hex(indexes.name), hex(group_concat(columns.name, ', ')), indexes."unique", indexes.partial
  FROM ${TABLES}, pragma_index_list(tables.name) AS indexes, pragma_index_info(indexes.name) AS columns
  WHERE indexes.origin = 'c' GROUP BY tables.name, indexes.name`;

export async function compareSchema(reader: Reader, state: MigrationState): Promise<SchemaDifferences> {
  const [found, expected] = [await partsOf(reader), await expectedParts(state)];
  const changed = [...expected].flatMap(([part, shape]) => {
    const actual = found.get(part);
    return actual === undefined || actual === shape ? [] : [`${part} is ${actual}, must be ${shape}`];
  });
  return { missing: without(expected, found), further: without(found, expected), changed };
}

/** Without any migration the file was made by another program, after the same specification as the first one. */
async function expectedParts({ applied }: MigrationState): Promise<Parts> {
  const migrations = applied.length > 0 ? applied : knownMigrations().slice(0, 1);
  const memory = new EmbeddedClient({ target: ":memory:", path: undefined, busyTimeoutMs: 0 });
  try {
    for (const { sql } of migrations) for (const statement of sql) await memory.executeMultiple(statement);
    return await partsOf(memory);
  } finally {
    memory.close();
  }
}

async function partsOf(reader: Reader): Promise<Parts> {
  const parts: Parts = new Map();
  for (const row of (await reader.execute(COLUMNS)).rows) {
    const [table, column, type] = [fromHex(row[0]), fromHex(row[1]), fromHex(row[2])];
    if (HOUSEKEEPING.test(table)) continue;
    parts.set(`table ${table}`, "a table");
    parts.set(`column ${table}.${column}`, Number(row[3]) > 0 ? `${type} PRIMARY KEY` : type);
  }
  for (const row of (await reader.execute(INDEXES)).rows) {
    const [table, index, columns] = [fromHex(row[0]), fromHex(row[1]), fromHex(row[2])];
    if (HOUSEKEEPING.test(table)) continue;
    const kinds = [Number(row[3]) === 1 ? " unique" : "", Number(row[4]) === 1 ? " partial" : ""].join("");
    parts.set(`index ${index}`, `on ${table} (${columns})${kinds}`);
  }
  return parts;
}

function without(parts: Parts, others: Parts): string[] {
  return [...parts.keys()].filter((part) => !others.has(part));
}
