import { createRequire } from "node:module";
import Database from "libsql";
import * as tables from "../src/schema.ts";
import { knownMigrations } from "../src/sql/migrations.ts";
import { latestSnapshot } from "./migrations-folder.ts";

type Kit = typeof import("drizzle-kit/api");
type Snapshot = Awaited<ReturnType<Kit["generateSQLiteDrizzleJson"]>>;

/** Required, not imported: its three megabytes would be in the bundle. */
const kit = (): Kit => createRequire(import.meta.url)("drizzle-kit/api");

/** The statements that lead from the migrations to the schema: none when they are in step. */
export async function missingStatements(): Promise<string[]> {
  const { generateSQLiteDrizzleJson, generateSQLiteMigration } = kit();
  const latest = latestSnapshot();
  const schema = await generateSQLiteDrizzleJson(tables, latest?.id);
  const before = latest === undefined ? await generateSQLiteDrizzleJson({}) : (latest as unknown as Snapshot);
  // In a terminal the kit would ask whether a column was renamed, and wait. Without one it gives up instead.
  process.stdin.isTTY = false;
  try {
    return await generateSQLiteMigration(before, schema);
  } catch {
    return ["(not known: something was renamed, or removed and added, which drizzle-kit asks about)"];
  }
}

/** What the SQL of the migrations makes in another way than the schema says: snapshots alone would not show an edited file. */
export async function sqlDifferences(): Promise<string[]> {
  const { generateSQLiteDrizzleJson, generateSQLiteMigration } = kit();
  const schema = await generateSQLiteDrizzleJson(tables);
  const wanted = objectsOf(await generateSQLiteMigration(await generateSQLiteDrizzleJson({}), schema));
  const made = objectsOf(knownMigrations().flatMap(({ sql }) => sql));
  const missing = [...wanted]
    .filter((object) => !made.has(object))
    .map((object) => `the migrations do not make ${object}`);
  const further = [...made]
    .filter((object) => !wanted.has(object))
    .map((object) => `the schema does not have ${object}`);
  return [...missing, ...further];
}

/** Every column and index that statements make in an empty database, each as one line. */
function objectsOf(statements: string[]): Set<string> {
  const database = new Database(":memory:");
  for (const statement of statements) database.exec(statement);
  const lines = (sql: string) => (database.prepare(sql).raw().all() as [string][]).map(([line]) => line);
  const columns = lines(
    `SELECT concat('column ', t.name, '.', c.name, ' ', upper(c.type), iif(c."notnull", ' NOT NULL', ''), ' ', c.dflt_value, iif(c.pk, ' key', ''))
     FROM sqlite_schema AS t, pragma_table_info(t.name) AS c WHERE t.type = 'table'`,
  );
  const indexes = lines(
    `SELECT concat('index ', i.name, ' on ', t.name, ' (', (SELECT group_concat(name) FROM pragma_index_info(i.name)), ')',
       substr(s.sql, nullif(instr(upper(s.sql), ' WHERE '), 0)))
     FROM sqlite_schema AS t, pragma_index_list(t.name) AS i JOIN sqlite_schema AS s ON s.name = i.name
     WHERE t.type = 'table' AND i.origin = 'c'`,
  );
  database.close();
  return new Set([...columns, ...indexes].map((line) => line.trim()));
}
