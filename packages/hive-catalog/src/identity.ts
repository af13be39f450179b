import type { Client } from "@libsql/client";
import { getTableColumns } from "drizzle-orm";
import { HiveCatalogError } from "./errors.ts";
import { pendingMigrations } from "./migrations.ts";
import { hives } from "./schema.ts";

/** What a database is, judged by its tables alone. */
export type Identity = "empty" | "catalog";

/** Tables that SQLite, its tools and servers keep in every database. */
const HOUSEKEEPING = /^(?:sqlite_|libsql_|_litestream_|__drizzle_migrations$)/;
const COLUMN_NAMES = Object.values(getTableColumns(hives)).map(({ name }) => name);

/**
 * Looks at a database without changing it. Throws CATALOG_NOT_A_CATALOG for one that belongs to another application.
 * Names are read as hexadecimal: in a damaged file they may not be UTF-8.
 */
export async function identify(client: Pick<Client, "execute">, location: string): Promise<Identity> {
  const { rows } = await client.execute(
    "SELECT hex(type), hex(name) FROM sqlite_schema WHERE type IN ('table', 'view')",
  );
  const names = rows.map((row) => ({ type: fromHex(row[0]), name: fromHex(row[1]) }));
  const table = names.find(({ name }) => name.toLowerCase() === "hives");
  if (table === undefined) {
    const foreign = names.find(({ name }) => !HOUSEKEEPING.test(name));
    if (foreign === undefined) return "empty";
    throw notACatalog(location, `it has no hives table, but a ${foreign.type} '${foreign.name}'`);
  }
  if (table.type !== "table") throw notACatalog(location, "its hives are a view");
  const columns = await client.execute("SELECT hex(name) FROM pragma_table_info('hives')");
  const found = columns.rows.map((row) => fromHex(row[0]).toLowerCase());
  const missing = COLUMN_NAMES.filter((name) => !found.includes(name));
  if (missing.length > 0) throw notACatalog(location, `its hives table has no column ${missing.join(", ")}`);
  const further = found.filter((name) => !COLUMN_NAMES.includes(name));
  if (further.length > 0) {
    await pendingMigrations(client); // A catalog that a newer version extended says so itself.
    throw notACatalog(location, `its hives table has further columns: ${further.join(", ")}`);
  }
  return "catalog";
}

export function notACatalog(location: string, reason: string): HiveCatalogError {
  return new HiveCatalogError("CATALOG_NOT_A_CATALOG", `${location} is not a hive catalog: ${reason}`);
}

function fromHex(value: unknown): string {
  return Buffer.from(String(value), "hex").toString("utf8");
}
