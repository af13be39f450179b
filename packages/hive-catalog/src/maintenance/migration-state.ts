import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { MigrationMeta } from "drizzle-orm/migrator";
import * as z from "zod";
import { knownMigrations, MIGRATIONS_FOLDER, pendingMigrations } from "../sql/migrations.ts";
import type { Reader } from "./sql-thread.ts";

const Journal = z.object({ entries: z.array(z.object({ when: z.int(), tag: z.string() })) });

export type MigrationState = { readonly applied: readonly MigrationMeta[]; readonly pending: readonly MigrationMeta[] };

/** Which migrations of this code a catalog has. Throws CATALOG_TOO_NEW when it has others. */
export async function readMigrationState(reader: Reader): Promise<MigrationState> {
  const pending = await pendingMigrations(reader);
  const isPending = (one: MigrationMeta) => pending.some(({ folderMillis }) => folderMillis === one.folderMillis);
  return { applied: knownMigrations().filter((migration) => !isPending(migration)), pending };
}

/** The names of migrations, such as `0000_create_hives`. */
export function migrationNames(migrations: readonly MigrationMeta[]): string[] {
  const { entries } = Journal.parse(JSON.parse(readFileSync(join(MIGRATIONS_FOLDER, "meta", "_journal.json"), "utf8")));
  return migrations.map(
    ({ folderMillis }) => entries.find(({ when }) => when === folderMillis)?.tag ?? String(folderMillis),
  );
}
