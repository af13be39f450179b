import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { aHive } from "../../src/testing.ts";
import { CatalogFile, SPECIFICATION_DDL } from "../catalog-file.ts";
import { refusalOf } from "../refusal.ts";

const TIMES = "SELECT created_at FROM __drizzle_migrations ORDER BY created_at";

/** An up-to-date catalog with one hive, closed. */
async function currentFile(): Promise<CatalogFile> {
  const file = await CatalogFile.create();
  const catalog = await file.open();
  await catalog.addHive(aHive());
  await catalog.close();
  return file;
}

test("a migration dated before the last applied one is applied, not skipped in silence", async () => {
  await using file = await currentFile();
  const times = file.read(TIMES);
  const [[first]] = times as [[number]];
  // As on a machine that took the later migration from another branch first.
  file.run("DROP INDEX idx_hives_heartbeat", `DELETE FROM __drizzle_migrations WHERE created_at = ${first}`);
  expect((await refusalOf(file.open({ migrate: false }))).code).toBe("CATALOG_NOT_MIGRATED");
  const catalog = await file.open();
  expect(await catalog.listHives()).toEqual([aHive()]);
  expect(file.read(TIMES)).toEqual(times);
  expect(file.read("SELECT count(*) FROM sqlite_schema WHERE name = 'idx_hives_heartbeat'")).toEqual([[1]]);
});

test("a catalog of a newer version is refused with CATALOG_TOO_NEW, file and rows untouched, until the newer version is back", async () => {
  await using file = await currentFile();
  file.run("INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('newer', 9999999999999)");
  const before = readFileSync(file.path);
  for (const migrate of [true, false]) {
    expect((await refusalOf(file.open({ migrate }))).code).toBe("CATALOG_TOO_NEW");
  }
  expect(readFileSync(file.path).equals(before)).toBe(true);
  file.run("DELETE FROM __drizzle_migrations WHERE hash = 'newer'");
  expect(await (await file.open()).listHives()).toEqual([aHive()]);
});

test.each([
  ["zero bytes", []],
  ["an SQLite file without tables", ["PRAGMA user_version = 1"]],
  ["a catalog of which no migration is noted", [SPECIFICATION_DDL]],
])("migrate: false on %s is an error that names pnpm db:migrate, and migrates nothing", async (_name, statements) => {
  await using file = await CatalogFile.create(...statements);
  if (statements.length === 0) file.run("VACUUM");
  const error = await refusalOf(file.open({ migrate: false }));
  expect(error.code).toBe("CATALOG_NOT_MIGRATED");
  expect(error.message).toContain("pnpm db:migrate");
  expect(file.read("SELECT name FROM sqlite_schema WHERE name LIKE '%drizzle%'")).toEqual([]);
});
