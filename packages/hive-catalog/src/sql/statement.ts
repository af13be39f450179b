import { types } from "node:util";
import { fillPlaceholders, type Query, type SQL, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/sqlite-proxy";
import type { SqlRow, SqlStatement, SqlValue } from "../drivers/client.ts";
import { HiveCatalogError } from "../errors.ts";

/** Builds statements from the schema, and runs none. */
export const build = drizzle(() => Promise.reject(new Error("statements are run by a SqlClient")));

type Values = Record<string, SqlValue>;

/** What stands for each value while a statement is built. */
export type Given<V> = { readonly [Name in keyof V]: SQL<V[Name]> };

/** What stands for each of these fields, by its name. */
export function fieldsOf<F extends object>(fields: F, given: Given<Record<keyof F, unknown>>) {
  const names = Object.keys(fields) as (keyof F)[];
  return Object.fromEntries(names.map((name) => [name, given[name]])) as { [Name in keyof F]: SQL };
}

/** What is built, without what it needs to run. */
type Built = { toSQL(): Query };

/**
 * A statement as a function of its values. `build` is called at the first use: building all of them would take longer than opening a
 * catalog. A value that was forgotten throws: SQLite would take it for NULL.
 */
export function statement<V extends object = Values>(build: (given: Given<V>) => Built): (values: V) => SqlStatement {
  let built: Query | undefined;
  return (values) => {
    built ??= build(placeholders as Given<V>).toSQL();
    return bound(built, values);
  };
}

/** What drizzle built, with its values. Throws INTERNAL for one that no column holds. */
export function bound({ sql: text, params }: Query, values: object = {}): SqlStatement {
  const args = fillPlaceholders(params, values as Values);
  for (const [place, value] of args.entries()) if (!isBindable(value)) throw notBindable(text, place, value);
  return { sql: text, args: args as SqlValue[] };
}

const placeholders = new Proxy({}, { get: (_, name) => sql`${sql.placeholder(String(name))}` });

/** The binding ends the process when it is handed a boolean, and takes undefined and NaN for NULL. */
function isBindable(value: unknown): boolean {
  return typeof value === "string" || Number.isFinite(value) || value === null || types.isUint8Array(value);
}

function notBindable(text: string, place: number, value: unknown): HiveCatalogError {
  return new HiveCatalogError("INTERNAL", `value ${place + 1} of ${text} is ${typeof value}, which no column holds`);
}

/** The count at a place of a row. Throws CATALOG_UNAVAILABLE: a server may answer anything. */
export function countIn(row: SqlRow | undefined, place = 0): number {
  const count = row?.[place];
  if (Number.isSafeInteger(count)) return count as number;
  throw new HiveCatalogError("CATALOG_UNAVAILABLE", "the database gave no count where it was asked for one");
}
