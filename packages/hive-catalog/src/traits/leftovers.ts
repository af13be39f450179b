import { type SQL, sql } from "drizzle-orm";
import type { SQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core";
import type { SqlExecutor, SqlStatement } from "../drivers/client.ts";
import { turnOfTheLoop } from "../event-loop.ts";
import { hiveGpus, hiveLabels } from "../schema.ts";
import { BEFORE_ALL_ROWS } from "../sql/reading.ts";
import { build, countIn, type Given, statement } from "../sql/statement.ts";
import { hasHive } from "./presence.ts";

/** Rows that one statement looks at. */
const WINDOW = sql.raw("2000");

/** Row ids, as text. */
type After = { after: string };
type Within = After & { end: string };

const isAfter = ({ after }: Given<After>): SQL => sql`rowid > CAST(${after} AS INTEGER)`;
/** Every text is below every BLOB: a row that has one for its id is damaged, and of no hive. */
const isLeft = (hiveId: SQLiteColumn): SQL => sql`${hiveId} < x'' AND NOT ${hasHive(hiveId)}`;

const windowsOf = (table: SQLiteTable, hiveId: SQLiteColumn) => ({
  /** Where it ends, and how many rows of it are of hives that are not there. */
  look: statement<After>((given) => {
    const rows = sql`SELECT rowid AS place, ${isLeft(hiveId)} AS is_left FROM ${table} WHERE ${isAfter(given)} ORDER BY rowid LIMIT ${WINDOW}`;
    return build
      .select({ end: sql`CAST(max(place) AS TEXT)`.as("end"), count: sql`total(is_left)`.as("count") })
      .from(sql`(${rows})`);
  }),
  removal: statement<Within>((given) =>
    build.delete(table).where(sql`${isAfter(given)} AND rowid <= CAST(${given.end} AS INTEGER) AND ${isLeft(hiveId)}`),
  ),
});
const TABLES = [windowsOf(hiveLabels, hiveLabels.hiveId), windowsOf(hiveGpus, hiveGpus.hiveId)];

type Leftovers = { readonly rows: number; readonly removal: SqlStatement };

/** Labels and rows of GPUs that a program left behind which knows neither, and removed their hives: window by window, where there are some. */
export async function* leftovers(executor: SqlExecutor): AsyncGenerator<Leftovers, void, undefined> {
  for (const { look, removal } of TABLES) {
    for (let after = BEFORE_ALL_ROWS; ; await turnOfTheLoop()) {
      const [row] = (await executor.execute(look({ after }))).rows;
      if (row?.[0] == null) break;
      const [end, rows] = [String(row[0]), countIn(row, 1)];
      if (rows > 0) yield { rows, removal: removal({ after, end }) };
      after = end;
    }
  }
}
