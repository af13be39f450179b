import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { CatalogFile, migrationsAsApplied, SPECIFICATION_DDL } from "../../test/catalog-file.ts";
import { refusalOf } from "../../test/refusal.ts";
import { HiveCatalog } from "../catalog.ts";
import { FileClient } from "../drivers/file/client.ts";
import { aHive } from "../testing.ts";
import { knownMigrations, MIGRATIONS_FOLDER, migrate } from "./migrations.ts";

const APPLIED = "SELECT hash, created_at FROM __drizzle_migrations ORDER BY created_at";
const SCHEMA = "SELECT type, name, sql FROM sqlite_schema ORDER BY name";

test("the migrations folder is found from the module, whatever the working folder", () => {
  expect(MIGRATIONS_FOLDER).toBe(join(dirname(fileURLToPath(import.meta.url)), "..", "..", "drizzle"));
  expect(existsSync(join(MIGRATIONS_FOLDER, "meta", "_journal.json"))).toBe(true);
});

test("a fresh file gets every migration once; opening again changes nothing", async () => {
  await using file = await CatalogFile.create();
  await (await file.open()).close();
  const [applied, schema] = [file.read(APPLIED), file.read(SCHEMA)];
  const journal = JSON.parse(readFileSync(join(MIGRATIONS_FOLDER, "meta", "_journal.json"), "utf8")) as {
    entries: { when: number }[];
  };
  expect(applied.map(([, time]) => time)).toEqual(journal.entries.map(({ when }) => when));
  await (await file.open()).close();
  expect(file.read(APPLIED)).toEqual(applied);
  expect(file.read(SCHEMA)).toEqual(schema);
});

test("a catalog names the migrations that were applied when it was opened", async () => {
  const names = async (file: CatalogFile) => {
    await using catalog = await file.open();
    return catalog.migrations;
  };
  await using old = await CatalogFile.create(...migrationsAsApplied(5));
  const [sixth, ...later] = await names(old);
  expect(sixth).toBe("0005_gpus_that_could_not_be_read");
  expect(later).toHaveLength(knownMigrations().length - 6);
  expect(await names(old)).toEqual([]);
});

test("a migration that fails says which statement and why, and changes nothing", async () => {
  await using file = await CatalogFile.create();
  await (await file.open()).close();
  const [[first] = []] = file.read("SELECT min(created_at) FROM __drizzle_migrations");
  const applied = `INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('first', ${first})`;
  await using old = await CatalogFile.create(SPECIFICATION_DDL, "DROP INDEX idx_hives_status");
  old.run("CREATE TABLE __drizzle_migrations (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at numeric)", applied);
  const schema = old.read(SCHEMA);
  const { code, message } = await refusalOf(old.open());
  expect(code).toBe("CATALOG_UNAVAILABLE");
  expect(message).toMatch(/"DROP INDEX `idx_hives_status`;?" of a migration failed: no such index: idx_hives_status/);
  expect(old.read(SCHEMA)).toEqual(schema);
});

test.each([
  ["migrations", []],
  // Its statements succeed twice: only the note says that it was applied.
  [
    "the first migration",
    [...migrationsAsApplied(knownMigrations().length), "DELETE FROM __drizzle_migrations WHERE rowid = 1"],
  ],
])("what another opener applied in between is not applied again: %s", async (_what, statements) => {
  await using file = await CatalogFile.create(...statements);
  const options = { target: file.path, path: file.path, busyTimeoutMs: 5000 };
  const first = new FileClient(options);
  class Slower extends FileClient {
    override async batch(...args: Parameters<FileClient["batch"]>) {
      await migrate(first);
      return super.batch(...args);
    }
  }
  const second = new Slower(options);
  await migrate(second);
  for (const client of [first, second]) client.close();
  expect(file.read(APPLIED)).toHaveLength(knownMigrations().length);
});

test("an old file with rows is brought up to date and keeps them", async () => {
  const row = "INSERT INTO hives VALUES ('a', 'h', 1, NULL, NULL, NULL, 'online', 5, NULL, 1, 2)";
  await using file = await CatalogFile.create(SPECIFICATION_DDL, row);
  await using fresh = await CatalogFile.create();
  await (await fresh.open()).close();
  const catalog = await file.open();
  expect(await catalog.listHives()).toMatchObject([{ id: "a", lastHeartbeatMs: 5, createdAtMs: 1, updatedAtMs: 2 }]);
  expect(file.read(APPLIED)).toEqual(fresh.read(APPLIED));
  const names = "SELECT type, name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name";
  expect(file.read(names)).toEqual(fresh.read(names));
});

test.each(["", "WHERE rowid = 3", "WHERE rowid > 2", "WHERE rowid = 8"])(
  "what migrations made that are not noted (DELETE %s) is known as the catalog's own: to note them is told, not to rename it",
  async (which) => {
    await using file = await CatalogFile.create();
    const catalog = await file.open();
    await catalog.addHive(aHive());
    await catalog.cordons.set(aHive().id, { reason: "fans" });
    await catalog.close();
    const schema = "SELECT name FROM sqlite_schema ORDER BY name";
    const before = file.read(schema);
    file.run(`DELETE FROM __drizzle_migrations ${which}`);

    const error = await refusalOf(HiveCatalog.open(file.path));
    expect(error.code).toBe("CATALOG_CORRUPT");
    const [, noting = ""] = /if that was done by hand: (.*)$/.exec(error.message) ?? [];
    file.run(noting);
    const again = await file.open();
    expect(await again.cordons.list()).toHaveLength(1);
    await again.close();
    expect(file.read(schema)).toEqual(before);
  },
);

/** A catalog as a newer version of this software left it. */
async function newerFile(...statements: string[]): Promise<CatalogFile> {
  await using old = await CatalogFile.create();
  await (await old.open()).close();
  const copy = old.read("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'").flat();
  const rows = old
    .read(APPLIED)
    .map(([hash, time]) => `INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('${hash}', ${time})`);
  return CatalogFile.create(...copy.map(String), ...rows, ...statements);
}

const NEWER = "by a newer version of this software";
const OF_NO_LATER = "by a version of this software in between, or of another branch";

test.each([
  [
    "with a later migration",
    NEWER,
    ["INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('x', 9999999999999)"],
  ],
  [
    "with a later migration and its column",
    NEWER,
    [
      "ALTER TABLE hives ADD COLUMN colour TEXT",
      "INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('x', 9999999999999)",
    ],
  ],
  [
    "with one of no time",
    NEWER,
    ["INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('x', 9223372036854775807)"],
  ],
  [
    "with a migration from before ours",
    OF_NO_LATER,
    ["INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('x', 1)"],
  ],
  [
    "with a migration that was made anew before it landed",
    OF_NO_LATER,
    ["UPDATE __drizzle_migrations SET created_at = created_at - 4311409 WHERE created_at = 1795889540638"],
  ],
])(
  "a database %s is refused with CATALOG_TOO_NEW, and by whom it was changed, and stays byte for byte",
  async (_name, whose, statements) => {
    await using file = await newerFile(...statements);
    const before = readFileSync(file.path);
    for (const migrate of [true, false]) {
      const error = await refusalOf(HiveCatalog.open(file.path, { migrate }));
      expect(error.code).toBe("CATALOG_TOO_NEW");
      expect(error.message).toContain(whose);
      expect(error.message.includes("upgrade this program")).toBe(whose === NEWER);
      expect(error.message).toContain("restore a backup from before");
    }
    expect(readFileSync(file.path).equals(before)).toBe(true);
  },
);

test("migrate: false refuses a file that is not there with CATALOG_NOT_MIGRATED and the cure, and makes none", async () => {
  await using file = await CatalogFile.create();
  const error = await refusalOf(file.open({ migrate: false }));
  expect(error.code).toBe("CATALOG_NOT_MIGRATED");
  expect(error.message).toContain("pnpm db:migrate");
  expect(existsSync(file.path)).toBe(false);
});

test("migrate: false refuses a file that lacks migrations, and leaves its tables alone", async () => {
  await using file = await CatalogFile.create(SPECIFICATION_DDL);
  expect((await refusalOf(file.open({ migrate: false }))).code).toBe("CATALOG_NOT_MIGRATED");
  expect(file.read("SELECT name FROM sqlite_schema WHERE name LIKE '%drizzle%'")).toEqual([]);
});

test("migrate: false opens a file that is up to date", async () => {
  await using file = await CatalogFile.create();
  const first = await file.open();
  await first.addHive(aHive());
  await first.close();
  expect(await (await file.open({ migrate: false })).listHives()).toEqual([aHive()]);
});

test("operations of hives that were removed before are given their time, and unfinished ones end", async () => {
  const operation = (id: string, hiveId: string, finishedAtMs: number | null) =>
    `INSERT INTO operations VALUES ('${id}', '${hiveId}', 'start', 'running', 'o', 1, 5, ${finishedAtMs ?? "NULL"}, NULL, '[]', '')`;
  const hive = (id: string) =>
    `INSERT INTO hives (id, host, port, created_at_ms, updated_at_ms) VALUES ('${id}', 'h', 1, 2, 2)`;
  await using file = await CatalogFile.create(
    ...migrationsAsApplied(3),
    ...["a", "b"].map(hive),
    operation("of a former a", "a", null),
    operation("of gone", "gone", null),
    operation("done of gone", "gone", 7),
    operation("done of b", "b", 7),
  );
  const catalog = await file.open();
  expect(await catalog.operations.unfinished()).toEqual([]);
  const marked = file.read("SELECT id FROM operations WHERE hive_removed_at_ms IS NOT NULL ORDER BY id");
  expect(marked).toEqual([["done of gone"], ["of gone"]]);
  const begun = { id: "new", hiveId: "a", kind: "start", owner: "o", deadlineMs: 9 } as const;
  expect(await catalog.operations.begin(begun)).toMatchObject({ state: "running" });
});
