import { getTableColumns } from "drizzle-orm";
import type { MigrationMeta } from "drizzle-orm/migrator";
import { plain, type SqlExecutor } from "../drivers/client.ts";
import { isError } from "../drivers/errors.ts";
import { HiveCatalogError } from "../errors.ts";
import { hives } from "../schema.ts";
import { migrationNames, notingOf, pendingMigrations } from "./migrations.ts";

/** What a database is, judged by its tables alone. */
export type Identity = "empty" | "catalog";

/** Tables that SQLite, its tools and servers keep in every database. */
const HOUSEKEEPING = /^(?:sqlite_|libsql_|_litestream_|__drizzle_migrations$)/;
const COLUMNS = Object.values(getTableColumns(hives));

/**
 * Looks at a database without changing it. Throws CATALOG_NOT_A_CATALOG for one that belongs to another application.
 * Names are read as hexadecimal: in a damaged file they may not be UTF-8.
 */
export async function identify(client: SqlExecutor, location: string): Promise<Identity> {
  const { rows } = await client.execute(
    plain("SELECT hex(type), hex(name) FROM sqlite_schema WHERE type IN ('table', 'view')"),
  );
  // After the tables: SQLite learns the encoding when it reads them.
  const encoding = await client.execute(plain("SELECT hex('a')"));
  if (encoding.rows[0]?.[0] !== "61") throw notACatalog(location, "its texts are not UTF-8 but UTF-16");
  const names = rows.map((row) => ({ type: fromHex(row[0]), name: fromHex(row[1]) }));
  const table = names.find(({ name }) => name.toLowerCase() === "hives");
  if (table === undefined) {
    const foreign = names.find(({ name }) => !HOUSEKEEPING.test(name));
    if (foreign === undefined) return "empty";
    throw notACatalog(location, `it has no hives table, but a ${foreign.type} '${foreign.name}'`);
  }
  if (table.type !== "table") throw notACatalog(location, "its hives are a view");
  await checkColumns(client, location);
  return "catalog";
}

/** That a file without tables holds nothing at all: one that has lost them is no new catalog. */
export async function checkBlank(client: SqlExecutor, location: string): Promise<void> {
  const { rows } = await client.execute(
    plain(
      `SELECT page_count - freelist_count FROM pragma_page_count, pragma_freelist_count, pragma_auto_vacuum
        WHERE auto_vacuum = 0 AND NOT EXISTS (SELECT 1 FROM sqlite_schema)`,
    ),
  );
  const used = Number(rows[0]?.[0] ?? 0);
  if (used <= 1) return;
  const problem = `${location} has no tables, and ${used} pages in use: its first page is damaged`;
  throw new HiveCatalogError("CATALOG_CORRUPT", `${problem}; restore a backup`);
}

/** That the hives table has the columns of a catalog, which hold what they hold there, and the id for its key. */
async function checkColumns(client: SqlExecutor, location: string): Promise<void> {
  const { rows } = await client.execute(plain("SELECT hex(name), hex(type), pk FROM pragma_table_info('hives')"));
  const found = new Map(
    rows.map((row) => [fromHex(row[0]).toLowerCase(), { type: fromHex(row[1]), key: Number(row[2]) }]),
  );
  const lacking = COLUMNS.filter(({ name }) => !found.has(name)).map(({ name }) => name);
  // A catalog from before gets them now.
  const coming = lacking.length === 0 ? [] : newColumns(await pendingMigrations(client));
  const missing = lacking.filter((name) => !coming.includes(name));
  if (missing.length > 0) throw notACatalog(location, `its hives table has no column ${missing.join(", ")}`);
  const further = [...found.keys()].filter((name) => !COLUMNS.some((column) => column.name === name));
  if (further.length > 0) {
    await pendingMigrations(client); // A catalog that a newer version extended says so itself.
    throw notACatalog(location, `its hives table has further columns: ${further.join(", ")}`);
  }
  for (const column of COLUMNS) {
    if (lacking.includes(column.name)) continue;
    const { type = "", key = 0 } = found.get(column.name) ?? {};
    if (affinityOf(type) !== affinityOf(column.getSQLType()))
      throw notACatalog(location, `its column ${column.name} is of the type '${type}'`);
    if (key > 0 !== column.primary) throw notACatalog(location, "the key of its hives table is not the id alone");
  }
  if (!(await hasRowIds(client))) throw notACatalog(location, "its hives table is WITHOUT ROWID");
}

async function hasRowIds(client: SqlExecutor): Promise<boolean> {
  try {
    await client.execute(plain("SELECT rowid FROM hives LIMIT 0"));
    return true;
  } catch (error) {
    if (isError(error) && /no such column/.test(error.message)) return false;
    throw error;
  }
}

/** The names of the columns that migrations add to the hives table. */
export function newColumns(migrations: readonly MigrationMeta[]): string[] {
  const added = (statement: string) => /^\s*ALTER TABLE `hives` ADD `(\w+)`/.exec(statement)?.[1] ?? [];
  return migrations.flatMap(({ sql }) => sql.flatMap(added));
}

/** What SQLite makes of a declared type (https://www.sqlite.org/datatype3.html, 3.1). */
export function affinityOf(type: string): string {
  if (/INT/i.test(type)) return "INTEGER";
  return /CHAR|CLOB|TEXT/i.test(type) ? "TEXT" : type.toUpperCase();
}

/** A table or an index, with the table that it is on: a table is on itself. */
type SchemaObject = { readonly type: string; readonly name: string; readonly table: string };
type FoundObject = SchemaObject & { readonly sql: string };
type NewObject = FoundObject & { readonly mayBeThere: boolean };

const CREATION = /^\s*CREATE (?:UNIQUE )?(TABLE|INDEX) (IF NOT EXISTS )?`(\w+)`(?: ON `(\w+)`)?/;

/** What migrations make, in an adopted file too where they say IF NOT EXISTS. */
function newObjects(migrations: readonly MigrationMeta[]): NewObject[] {
  return migrations
    .flatMap(({ sql }) => sql)
    .flatMap((sql) => {
      const [, type = "", ifNotExists, name = "", table = name] = CREATION.exec(sql) ?? [];
      return name === "" ? [] : [{ type: type.toLowerCase(), name, table, sql, mayBeThere: ifNotExists !== undefined }];
    });
}

/** The names of the tables that migrations make. */
export function newTables(migrations: readonly MigrationMeta[]): string[] {
  const objects = newObjects(migrations).filter(({ type, mayBeThere }) => type === "table" && !mayBeThere);
  return objects.map(({ name }) => name);
}

/**
 * That no other application has a table or an index of a name which these migrations are to give to one of ours, or take from one.
 * Throws CATALOG_NOT_A_CATALOG, and CATALOG_CORRUPT where it is ours, and only not noted as made.
 */
export async function checkRoom(client: SqlExecutor, location: string, migrations: MigrationMeta[]): Promise<void> {
  if (migrations.length === 0) return;
  const found = await schemaObjects(client);
  for (const { type, name, table, mayBeThere, sql } of newObjects(migrations)) {
    const taken = found.find((object) => object.name === name);
    if (taken === undefined || (mayBeThere && taken.type === type && taken.table === table)) continue;
    // Looked at again afterwards: another opener may have migrated in between.
    if (!newObjects(await pendingMigrations(client)).some((object) => object.name === name)) return;
    if (isMadeBy(taken, sql)) throw notNoted(location, migrations, found);
    const problem = `it has another application's ${taken.type} '${name}'`;
    throw notACatalog(location, `${problem}, where the catalog's own is to be: rename that one first`);
  }
}

/** To SQLite, names that differ only in case are one. */
async function schemaObjects(client: SqlExecutor): Promise<FoundObject[]> {
  const { rows } = await client.execute(
    plain(
      "SELECT hex(type), hex(lower(name)), hex(lower(tbl_name)), hex(sql) FROM sqlite_schema WHERE type <> 'trigger'",
    ),
  );
  return rows.map(([type, name, table, sql]) => ({
    type: fromHex(type),
    name: fromHex(name),
    table: fromHex(table),
    // With its tabs.
    sql: Buffer.from(String(sql), "hex").toString("utf8"),
  }));
}

/** By its text, which SQLite keeps: of a table without the end, before which further columns stand. */
function isMadeBy(found: FoundObject, statement: string): boolean {
  const inOneLine = (sql: string) => sql.trim().replaceAll(/\s+/g, " ");
  return inOneLine(found.sql).startsWith(inOneLine(statement).replace(/ ?\)?;?$/, ""));
}

/** Whoever renamed what is ours, as is to be done with another application's, would lose what is in it. */
function notNoted(location: string, pending: MigrationMeta[], found: readonly FoundObject[]): HiveCatalogError {
  const isOurs = ({ name, sql }: NewObject) => found.some((other) => other.name === name && isMadeBy(other, sql));
  // They are applied in order.
  const last = pending.findLastIndex((migration) => newObjects([migration]).some(isOurs));
  const applied = pending.slice(0, last + 1);
  const problem = `${location} has what ${migrationNames(applied).join(", ")} made, and does not note that they were applied`;
  const cure = `restore a backup, or note them if that was done by hand: ${notingOf(applied)}`;
  return new HiveCatalogError("CATALOG_CORRUPT", `${problem}; ${cure}`);
}

export function notACatalog(location: string, reason: string): HiveCatalogError {
  return new HiveCatalogError("CATALOG_NOT_A_CATALOG", `${location} is not a hive catalog: ${reason}`);
}

/** Whatever bytes a damaged file gives, as text that can be shown, in one line. */
export function fromHex(value: unknown): string {
  return linesFromHex(value).replaceAll("\n", "\uFFFD");
}

/** The same, with its line breaks. */
export function linesFromHex(value: unknown): string {
  return Buffer.from(String(value), "hex")
    .toString("utf8")
    .replace(/[^\p{L}\p{N}\p{P}\p{S}\n ]/gu, "\uFFFD");
}
