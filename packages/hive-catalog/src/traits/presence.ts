import { and, eq, type SQL, sql } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import type { CallClient } from "../drivers/client.ts";
import { isKey } from "../model/check.ts";
import { hives } from "../schema.ts";
import { build, statement } from "../sql/statement.ts";

/** In SQL, whether there is a hive of that id, for which `further` holds. */
export const hasHive = (id: SQL | SQLiteColumn, further?: SQL) =>
  sql`EXISTS (SELECT 1 FROM ${hives} WHERE ${and(eq(hives.id, id), further)})`;

export const hiveExists = statement<{ id: string }>(({ id }) =>
  build.select({ found: sql`1` }).from(hives).where(eq(hives.id, id)),
);

/** Whether there is a hive of that id, whatever it is. */
export async function isThere(client: CallClient, id: string): Promise<boolean> {
  return isKey(id) && (await client.first(hiveExists({ id }))) !== undefined;
}
