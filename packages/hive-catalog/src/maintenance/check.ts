import type { Row } from "@libsql/client";
import { sql } from "drizzle-orm";
import { QueryBuilder } from "drizzle-orm/sqlite-core";
import { turnOfTheLoop } from "../drivers/file/mutex.ts";
import { type DamagedHive, damageColumns, findDamage } from "../hives/damage.ts";
import { hives } from "../schema.ts";
import { type RecordsFound, readRecords } from "./check-records.ts";
import { migrationNames, readMigrationState } from "./migration-state.ts";
import { orProblem, sqliteProblems } from "./queries.ts";
import { compareSchema, type SchemaDifferences } from "./schema-comparison.ts";
import { type ReadOptions, readingFrom } from "./source.ts";
import type { Reader } from "./sql-thread.ts";

/** What a check found. */
export type CatalogCheck = RecordsFound & {
  readonly location: string;
  /** Nothing is damaged, missing or changed. Pending migrations and further tables or indexes are no fault. */
  readonly isSound: boolean;
  /** Hives that were read, the damaged ones included. */
  readonly hives: number;
  readonly damagedHives: number;
  /** Each damaged column of each damaged hive, with its SQLite rowid: the first 1,000; `damagedColumns` is how many there are. */
  readonly damage: readonly (DamagedHive & { readonly rowId: string })[];
  readonly damagedColumns: number;
  /** What SQLite finds wrong with the file: 100 lines at most. */
  readonly integrity: readonly string[];
  readonly schema: SchemaDifferences;
  /** Migrations that the catalog lacks, by name. */
  readonly pendingMigrations: readonly string[];
};

type RowsFound = Pick<CatalogCheck, "hives" | "damagedHives" | "damage" | "damagedColumns"> & {
  /** Why not all rows could be read. */
  readonly unreadable: readonly string[];
};

const MAX_LISTED = 1000;
/** Small enough that looking at a page does not hold the event loop for long. */
const PAGE_SIZE = 250;
/** Below every row id. */
const BEFORE_ALL = "-9223372036854775808";

const ROW_ID = Object.keys(damageColumns).length;
/** The row id as text: one of a damaged row may be larger than what a JavaScript number holds. */
const PAGE = new QueryBuilder()
  .select({ ...damageColumns, rowId: sql<string>`CAST(rowid AS TEXT)`.as("row_id") })
  .from(hives)
  .where(sql`rowid >= CAST(${sql.placeholder("from")} AS INTEGER)`)
  .orderBy(sql`rowid`)
  .limit(PAGE_SIZE + 1)
  .toSQL();

/**
 * Reads a whole catalog, in a file or on a server, and resolves to everything that is wrong with it. It changes nothing, and others may write
 * meanwhile. Rejects when the catalog cannot be opened: CATALOG_NOT_A_CATALOG, CATALOG_CORRUPT, CATALOG_TOO_NEW or another CATALOG_… code.
 */
export function checkCatalog(location: string, options: ReadOptions = {}): Promise<CatalogCheck> {
  return readingFrom(location, options, async ({ name, reader }) => {
    const state = await readMigrationState(reader);
    const problems = await orProblem(() => sqliteProblems(reader, "integrity_check"));
    const schema = await compareSchema(reader, state);
    const { unreadable, ...found } = await readRows(reader);
    const { unreadable: unreadableRecords, ...records } = await readRecords(reader, state);
    const integrity = [...problems, ...unreadable, ...unreadableRecords];
    const faults = integrity.length + schema.missing.length + schema.changed.length;
    const isSound = faults + found.damagedColumns + records.damagedRecords === 0;
    const pending = migrationNames(state.pending);
    return { location: name, isSound, ...found, ...records, integrity, schema, pendingMigrations: pending };
  });
}

/** Reads every row of the table itself, page by page. */
async function readRows(reader: Reader): Promise<RowsFound> {
  const damage: CatalogCheck["damage"][number][] = [];
  let [hives, damagedHives, damagedColumns] = [0, 0, 0];
  let from: string | undefined = BEFORE_ALL;
  while (from !== undefined) {
    const start = from;
    let rows: Row[] = [];
    const unreadable = await orProblem(async () => {
      rows = (await reader.execute({ sql: PAGE.sql, args: [start, PAGE_SIZE + 1] })).rows;
      return [];
    });
    if (unreadable.length > 0) return { hives, damagedHives, damage, damagedColumns, unreadable };
    // The row after the page is where the next one begins.
    const next = rows.length > PAGE_SIZE ? rows.pop() : undefined;
    from = next && String(next[ROW_ID]);
    hives += rows.length;
    for (const row of rows) {
      const rowId = String(row[ROW_ID]);
      const columns = findDamage(row).map((column) => ({ ...column, rowId }));
      if (columns.length > 0) damagedHives++;
      damagedColumns += columns.length;
      damage.push(...columns.slice(0, MAX_LISTED - damage.length));
    }
    await turnOfTheLoop();
  }
  return { hives, damagedHives, damage, damagedColumns, unreadable: [] };
}
