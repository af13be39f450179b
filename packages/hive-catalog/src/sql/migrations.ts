import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { getTableColumns, getTableName, is } from "drizzle-orm";
import { type MigrationMeta, readMigrationFiles } from "drizzle-orm/migrator";
import { SQLiteTable } from "drizzle-orm/sqlite-core";
import * as z from "zod";
import { plain, type SqlClient, type SqlExecutor, type SqlStatement } from "../drivers/client.ts";
import { HiveCatalogError } from "../errors.ts";
import { isTimeMs } from "../model/check.ts";
import * as schema from "../schema.ts";

/** Where `drizzle-kit generate` writes the migrations. Code that was bundled as CommonJS does not know where it is. */
export const MIGRATIONS_FOLDER = import.meta.url
  ? fileURLToPath(new URL("../../drizzle", import.meta.url))
  : "/drizzle";

/** drizzle-kit's own table, so that both ways of migrating can be mixed on one database. */
const TABLE = "__drizzle_migrations";
const CREATE_TABLE = `CREATE TABLE IF NOT EXISTS ${TABLE} (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at numeric)`;

const Journal = z.object({ entries: z.array(z.object({ when: z.int(), tag: z.string() })) });

/** Every migration of this code, oldest first. */
export function knownMigrations(): MigrationMeta[] {
  if (!existsSync(MIGRATIONS_FOLDER)) {
    const problem = `the migrations of the catalog are not at ${MIGRATIONS_FOLDER}`;
    throw new HiveCatalogError("INTERNAL", `${problem}: where a program is bundled, leave @repo/hive-catalog outside`);
  }
  return readMigrationFiles({ migrationsFolder: MIGRATIONS_FOLDER });
}

/** The tables of this code, and their columns. */
const NAMES: readonly string[] = Object.values(schema)
  .filter((table) => is(table, SQLiteTable))
  .flatMap((table) => [getTableName(table), ...Object.values(getTableColumns(table)).map(({ name }) => name)]);

/** They stand beside this code: where files of two versions were mixed, a catalog would be up to date and lack tables. */
function checkOurs(known: readonly MigrationMeta[]): void {
  const made = known.flatMap(({ sql }) => sql).join("\n");
  const lacking = NAMES.find((name) => !made.includes(`\`${name}\``));
  if (lacking === undefined) return;
  const problem = `the migrations at ${MIGRATIONS_FOLDER} are of another version than this program: none makes ${lacking}`;
  throw new HiveCatalogError(
    "INTERNAL",
    `${problem}; copy dist/ as a whole (in a checkout, a migration is still to be generated)`,
  );
}

export type MigrationState = { readonly applied: MigrationMeta[]; readonly pending: MigrationMeta[] };

/** Which migrations of this code a database has, and which it lacks. Throws CATALOG_TOO_NEW when it has some that this code does not know. */
export async function readMigrationState(executor: SqlExecutor): Promise<MigrationState> {
  const known = knownMigrations();
  checkOurs(known);
  const applied = await appliedMigrations(executor);
  const unknown = applied.filter((time) => !known.some(({ folderMillis }) => folderMillis === time));
  if (unknown.length > 0) throw notOurs(unknown, known);
  const isApplied = ({ folderMillis }: MigrationMeta) => applied.includes(folderMillis);
  return { applied: known.filter(isApplied), pending: known.filter((migration) => !isApplied(migration)) };
}

/** Who applied what is not known here: of a newer version all of that is newer than what this one knows. */
function notOurs(unknown: readonly number[], known: readonly MigrationMeta[]): HiveCatalogError {
  const isNewer = unknown.every((time) => known.every(({ folderMillis }) => folderMillis < time));
  const whose = isNewer
    ? "a newer version of this software"
    : "a version of this software in between, or of another branch";
  const which = `its migrations of ${unknown.map(timeText).join(", ")} are not known here`;
  const cure = `${isNewer ? "upgrade this program" : "run that version"}, or restore a backup from before`;
  const other = `Another program that notes its own migrations in ${TABLE} needs another table for them`;
  return new HiveCatalogError("CATALOG_TOO_NEW", `the catalog was changed by ${whose} (${which}); ${cure}. ${other}`);
}

export async function pendingMigrations(executor: SqlExecutor): Promise<MigrationMeta[]> {
  return (await readMigrationState(executor)).pending;
}

/** The names of migrations, such as `0000_create_hives`. */
export function migrationNames(migrations: readonly MigrationMeta[]): string[] {
  const { entries } = Journal.parse(JSON.parse(readFileSync(join(MIGRATIONS_FOLDER, "meta", "_journal.json"), "utf8")));
  return migrations.map(
    ({ folderMillis }) => entries.find(({ when }) => when === folderMillis)?.tag ?? String(folderMillis),
  );
}

/** Another program may have stored what is no time. */
function timeText(time: number): string {
  return isTimeMs(time) ? new Date(time).toISOString() : String(time);
}

/** What notes migrations as applied, and does not apply them. */
export function notingOf(migrations: readonly MigrationMeta[]): string {
  const rows = migrations.map(({ hash, folderMillis }) => `('${hash}', ${folderMillis})`);
  return `${CREATE_TABLE}; INSERT INTO ${TABLE} (hash, created_at) VALUES ${rows.join(", ")}`;
}

/** Applies what is pending, in one transaction: of many openers, one migrates and the others find it done. */
export async function migrate(client: SqlClient): Promise<void> {
  const pending = await pendingMigrations(client);
  if (pending.length === 0) return;
  const statements = [plain(CREATE_TABLE), unlessApplied(pending), ...pending.flatMap(statementsOf)];
  try {
    await client.batch(statements, { isRepeatable: true });
  } catch (error) {
    if ((await pendingMigrations(client)).length < pending.length) return migrate(client);
    throw explained(error, statements);
  }
}

/** Fails when another opener, or an earlier attempt, has applied one of them meanwhile. */
function unlessApplied(migrations: readonly MigrationMeta[]): SqlStatement {
  const times = migrations.map(({ folderMillis }) => folderMillis);
  return plain(`SELECT json('applied already') FROM ${TABLE} WHERE created_at IN (${times.join(", ")})`);
}

function statementsOf({ sql, hash, folderMillis }: MigrationMeta): SqlStatement[] {
  const args = [hash, folderMillis];
  return [...sql.map(plain), { sql: `INSERT INTO ${TABLE} (hash, created_at) VALUES (?, ?)`, args }];
}

/** A migration holds no values: what SQLite says of it may be shown, and is all that helps where another program changed the schema. */
function explained(error: unknown, statements: readonly SqlStatement[]): unknown {
  const { code, message, statementIndex = -1 } = error as Error & { code?: unknown; statementIndex?: number };
  const statement = statements[statementIndex];
  if (code !== "SQLITE_ERROR" || statement === undefined) return error;
  const problem = `"${statement.sql.trim().split("\n")[0]}" of a migration failed: ${message}`;
  return new HiveCatalogError("CATALOG_UNAVAILABLE", `${problem}; pnpm catalog check compares the schema`, {
    cause: error,
  });
}

/** The times of the applied migrations: they, not their order, say which ones are there. */
async function appliedMigrations(executor: SqlExecutor): Promise<number[]> {
  const table = await executor.execute({
    sql: "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?",
    args: [TABLE],
  });
  if (table.rows.length === 0) return [];
  const { rows } = await executor.execute(plain(`SELECT CAST(created_at AS INTEGER) FROM ${TABLE}`));
  return rows.map((row) => Number(row[0]));
}
