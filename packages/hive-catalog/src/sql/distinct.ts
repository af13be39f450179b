import { and, type SQL, sql } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";

/** Each text of a column once, in order, as `held`: from one to the next by one look into its index. Every text is below every BLOB. */
export function distinctTexts(column: SQLiteColumn, from: SQL, limit: SQL | number, where?: SQL): SQL {
  const next = (place: SQL) =>
    sql`SELECT min(${column}) FROM ${column.table} WHERE ${and(where, sql`${column} ${place}`, sql`${column} < x''`)}`;
  return sql`(WITH RECURSIVE texts(held) AS (${next(from)}
    UNION ALL SELECT (${next(sql`> texts.held`)}) FROM texts WHERE held IS NOT NULL LIMIT ${limit}) SELECT held FROM texts WHERE held IS NOT NULL)`;
}
