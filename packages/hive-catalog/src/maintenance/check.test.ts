import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { startTestServer } from "@repo/libsql-test-server";
import { expect, test } from "vitest";
import { readJournal } from "../../scripts/migrations-folder.ts";
import { CatalogFile, LOOSE_DDL, runSql, SPECIFICATION_DDL } from "../../test/catalog-file.ts";
import { manyHives, overwritePage } from "../../test/large-catalog.ts";
import { refusalOf } from "../../test/refusal.ts";
import { backupCatalog, checkCatalog } from "../maintenance.ts";
import { temporaryFolder } from "../testing.ts";

/** Hives of more than two pages of a check. */
const SOME_PAGES = 600;

async function catalogWith(count: number, ...statements: string[]) {
  const file = await CatalogFile.create();
  await (await file.open()).close();
  file.run(manyHives(count), ...statements);
  return file;
}

const SOUND_SCHEMA = { missing: [], further: [], changed: [] };

test("a sound catalog is sound, while another connection has it open", async () => {
  await using file = await catalogWith(SOME_PAGES);
  await using catalog = await file.open();
  await catalog.gpuRows.derive();
  expect(await checkCatalog(file.path)).toEqual({
    location: file.path,
    isSound: true,
    hives: SOME_PAGES,
    damagedHives: 0,
    damage: [],
    damagedColumns: 0,
    records: SOME_PAGES,
    damagedRecords: 0,
    gpusToDerive: 0,
    leftovers: 0,
    recordDamage: [],
    integrity: [],
    schema: SOUND_SCHEMA,
    pendingMigrations: [],
  });
});

const DAMAGE: Record<string, string> = {
  id: "CAST(x'ff41' AS TEXT)",
  host: "CAST(x'680068' AS TEXT)",
  port: "'abc'",
  ssh_host: "x'61'",
  ssh_port: "65536",
  ssh_user: "x'00'",
  status: "CAST(x'80' AS TEXT)",
  last_heartbeat_ms: "-1",
  devices_json: "'not json'",
  created_at_ms: "9e999",
  updated_at_ms: "NULL",
};

test("each damaged column is found, with the hive that it belongs to", async () => {
  await using file = await CatalogFile.create(LOOSE_DDL);
  const columns = Object.keys(DAMAGE);
  file.run(manyHives(SOME_PAGES));
  for (const [index, column] of columns.entries()) {
    file.run(
      `UPDATE hives SET ${column} = ${DAMAGE[column]} WHERE id = 'hive-${String(1 + index * 50).padStart(6, "0")}'`,
    );
  }
  const check = await checkCatalog(file.path);
  expect(check).toMatchObject({ isSound: false, hives: SOME_PAGES, damagedHives: columns.length, integrity: [] });
  expect(check.damage.map(({ id, column }) => [id, column])).toEqual(
    columns.map((column, index) => [
      column === "id" ? "\uFFFDA" : `hive-${String(1 + index * 50).padStart(6, "0")}`,
      column,
    ]),
  );
  for (const { problem } of check.damage) expect(problem).toMatch(/^must /);
});

test("what input would refuse today, but is of the right kind, is no damage", async () => {
  await using file = await catalogWith(
    4,
    "UPDATE hives SET id = 'a b', ssh_port = 22 WHERE id = 'hive-000001'",
    "UPDATE hives SET host = 'http://h', ssh_user = '-oProxyCommand=id' WHERE id = 'hive-000002'",
    `UPDATE hives SET devices_json = '{"cpu":{"cores":0,"ram_gb":1},"gpus":[]}' WHERE id = 'hive-000003'`,
    "INSERT INTO tokens VALUES ('t', 'T', 'hive', NULL, hex(zeroblob(32)), 1, NULL, NULL, NULL)",
  );
  expect(await checkCatalog(file.path)).toMatchObject({ isSound: true, hives: 4, records: 1 });
});

test("several damaged columns of one hive count as one damaged hive, and the list ends at 1,000 with all counted", async () => {
  await using file = await catalogWith(1500, "UPDATE hives SET port = 0, status = 'dead'");
  const check = await checkCatalog(file.path);
  expect(check).toMatchObject({ isSound: false, hives: 1500, damagedHives: 1500, damagedColumns: 3000 });
  expect(check.damage).toHaveLength(1000);
});

test("a row with the largest row id and one with the smallest are read once, and each is told by its own", async () => {
  const rowIds = ["-9223372036854775808", "2", "9007199254740993", "9223372036854775807"];
  await using file = await catalogWith(4, "UPDATE hives SET port = 0");
  file.run(...rowIds.map((rowId, n) => `UPDATE hives SET rowid = ${rowId} WHERE id = 'hive-00000${n + 1}'`));
  const check = await checkCatalog(file.path);
  expect(check.damage.map(({ rowId }) => rowId)).toEqual(rowIds);
});

test("a missing index, another one under its name, and what others made are found", async () => {
  await using file = await catalogWith(
    3,
    "DROP INDEX idx_hives_heartbeat",
    "DROP INDEX idx_hives_status_id",
    "CREATE INDEX idx_hives_status_id ON hives (status)",
    "CREATE INDEX idx_theirs ON hives (host)",
    "CREATE TABLE notes (text TEXT)",
  );
  expect(await checkCatalog(file.path)).toMatchObject({
    isSound: false,
    schema: {
      missing: ["index idx_hives_heartbeat"],
      changed: ["index idx_hives_status_id is on hives (status), must be on hives (status, id)"],
      further: ["table notes", "column notes.text", "index idx_theirs"],
    },
  });
});

test("further indexes alone are no fault", async () => {
  await using file = await catalogWith(3, "CREATE INDEX idx_theirs ON hives (host)");
  expect(await checkCatalog(file.path)).toMatchObject({ isSound: true, schema: { further: ["index idx_theirs"] } });
});

test("a partial index of other rows is found", async () => {
  await using file = await catalogWith(
    3,
    "DROP INDEX idx_hives_lacking_devices",
    "CREATE INDEX idx_hives_lacking_devices ON hives (id) WHERE status = 'online'",
    "DROP INDEX idx_operations_unfinished",
    "CREATE UNIQUE INDEX idx_operations_unfinished ON operations (hive_id) WHERE finished_at_ms = 5",
    "DROP INDEX idx_tokens_hive",
    'CREATE INDEX "idx_tokens_hive" on [tokens] (`hive_id`)\n  where  "hive_id"  is  not  NULL',
  );
  const { isSound, schema } = await checkCatalog(file.path);
  expect({ isSound, schema }).toEqual({
    isSound: false,
    schema: {
      missing: [],
      further: [],
      changed: [
        "index idx_hives_lacking_devices is on hives (id) where status = 'online', must be on hives (id) where case when json_valid(devices_json) then json_type(devices_json, '$.gpus') is 'null' else devices_json is null end",
        "index idx_operations_unfinished is on operations (hive_id) unique where finished_at_ms = 5, must be on operations (hive_id) unique where finished_at_ms is null",
      ],
    },
  });
});

test.each([
  [
    "a trigger that deletes",
    "CREATE TRIGGER t AFTER INSERT ON Hives BEGIN DELETE FROM hives WHERE id = new.id; END",
    "trigger t is on hives, must not be: it changes what is written",
  ],
  [
    "a unique index",
    "CREATE UNIQUE INDEX u ON hives (host, port)",
    "index u is on hives (host, port) unique, must not be: it refuses what the catalog allows",
  ],
])(
  "%s that another program put on our table is found, and one on its own table is not",
  async (_what, sql, problem) => {
    await using file = await catalogWith(
      1,
      "CREATE TABLE notes (text)",
      "CREATE UNIQUE INDEX idx_notes ON notes (text)",
      "CREATE TRIGGER theirs AFTER INSERT ON notes BEGIN DELETE FROM notes; END",
    );
    expect(await checkCatalog(file.path)).toMatchObject({ isSound: true, schema: { changed: [] } });
    file.run(sql);
    await using server = await startTestServer({ path: file.path });
    for (const location of [file.path, server.url]) {
      expect(await checkCatalog(location)).toMatchObject({ isSound: false, schema: { changed: [problem] } });
    }
  },
);

test("a further UNIQUE in the table that was adopted is found", async () => {
  await using file = await CatalogFile.create(
    SPECIFICATION_DDL.replace("host                TEXT", "host TEXT UNIQUE"),
  );
  const { schema } = await checkCatalog(file.path);
  expect(schema.changed).toEqual([
    "index sqlite_autoindex_hives_2 is on hives (host) unique, must not be: it refuses what the catalog allows",
  ]);
});

test("a file with a column of another type or without the key is not a catalog", async () => {
  for (const ddl of [
    SPECIFICATION_DDL.replace("TEXT PRIMARY KEY", "TEXT"),
    SPECIFICATION_DDL.replace("INTEGER", "TEXT"),
  ]) {
    await using file = await CatalogFile.create(ddl);
    expect((await refusalOf(checkCatalog(file.path))).code).toBe("CATALOG_NOT_A_CATALOG");
  }
});

test("damaged cordons, tokens, operations and host keys are found, with the columns", async () => {
  await using file = await catalogWith(
    2,
    `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 249)
      INSERT INTO cordons SELECT 'hive-' || i, 'fans', NULL, 1 FROM n`,
    "UPDATE cordons SET reason = CAST(x'ff' AS TEXT) WHERE hive_id = 'hive-249'",
    "INSERT INTO tokens VALUES ('t', 'T', 'root', NULL, 'no hash', 1, NULL, NULL, NULL)",
    "INSERT INTO operations VALUES ('o', 'hive-1', 'stop', 'running', 'queen', 1, 2, NULL, NULL, '[]', x'00', NULL)",
    "INSERT INTO host_keys VALUES ('h', 0, 'ssh-rsa', 'AAAA', 1)",
  );
  await using server = await startTestServer({ path: file.path });
  for (const location of [file.path, server.url]) {
    const check = await checkCatalog(location);
    expect(check).toMatchObject({ isSound: false, damagedHives: 0, records: 253, damagedRecords: 4, integrity: [] });
    expect(check.recordDamage.map(({ table, id, column }) => [table, id, column])).toEqual([
      ["cordons", "hive-249", "reason"],
      ["tokens", "t", "role"],
      ["tokens", "t", "hash"],
      ["operations", "o", "output_tail"],
      ["host_keys", "h", "port"],
    ]);
  }
});

test("a file that the specification's own system made is sound, and lacks our migrations", async () => {
  await using file = await CatalogFile.create(SPECIFICATION_DDL, manyHives(3));
  expect(await checkCatalog(file.path)).toMatchObject({
    isSound: true,
    hives: 3,
    schema: SOUND_SCHEMA,
    pendingMigrations: readJournal().map(({ tag }) => tag),
  });
});

test("names in another case and types that mean the same are no fault", async () => {
  await using file = await CatalogFile.create(
    SPECIFICATION_DDL.replaceAll(/hives|port|idx_\w+/g, (name) => name.toUpperCase()).replace(
      "TEXT NOT NULL",
      "varchar",
    ),
  );
  expect(await checkCatalog(file.path)).toMatchObject({ isSound: true, schema: SOUND_SCHEMA });
});

test("noise in an index is found, and every hive is read all the same", async () => {
  await using file = await catalogWith(SOME_PAGES);
  const copy = `${file.path}-copy`;
  await backupCatalog(file.path, copy);
  overwritePage(copy, "idx_hives_heartbeat");
  const check = await checkCatalog(copy);
  expect(check).toMatchObject({ isSound: false, hives: SOME_PAGES, damagedHives: 0, schema: SOUND_SCHEMA });
  expect(check.integrity[0]).toMatch(/^Tree \d+ page \d+: btreeInitPage\(\) returns error code 11$/);
  expect(check.integrity.at(-1)).toMatch(/^not all of it can be read: /);
  expect(check.integrity.length).toBeLessThanOrEqual(110);
  expect((await refusalOf(backupCatalog(copy, `${copy}-again`))).message).toContain("returns error code 11");
});

test.each(["hives", "hive_gpus", "hive_labels"])(
  "noise in the table %s is found, and so is that its rows cannot be read",
  async (table) => {
    await using file = await catalogWith(SOME_PAGES);
    const copy = `${file.path}-copy`;
    await backupCatalog(file.path, copy);
    overwritePage(copy, table);
    const check = await checkCatalog(copy);
    expect(check.isSound).toBe(false);
    expect(check.integrity.at(-1)).toContain("not all of it can be read");
  },
);

test("what is no catalog is refused", async () => {
  await using file = await catalogWith(1);
  const other = join(file.path, "..", "other.db");
  runSql(other, "CREATE TABLE invoices (id)");
  expect((await refusalOf(checkCatalog(other))).code).toBe("CATALOG_NOT_A_CATALOG");
  expect((await refusalOf(checkCatalog(`${other}-not-there`))).code).toBe("CATALOG_UNAVAILABLE");
  expect((await refusalOf(checkCatalog(":memory:"))).code).toBe("INVALID_ARGUMENT");
  file.run("INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('later', 4102444800000)");
  expect((await refusalOf(checkCatalog(file.path))).code).toBe("CATALOG_TOO_NEW");
});

test("a path of links that lead in a circle is an error of the catalog too", async () => {
  await using folder = await temporaryFolder();
  const [one, other] = [join(folder.path, "one.db"), join(folder.path, "other.db")];
  symlinkSync(one, other);
  symlinkSync(other, one);
  expect((await refusalOf(checkCatalog(one))).code).toBe("CATALOG_UNAVAILABLE");
});

test("a catalog on a server is checked alike", async () => {
  await using file = await catalogWith(SOME_PAGES, "UPDATE hives SET port = 0 WHERE id = 'hive-000434'");
  file.run("DROP INDEX idx_hives_heartbeat");
  await using server = await startTestServer({ path: file.path, authToken: "token" });
  const check = await checkCatalog(server.url, { authToken: "token" });
  expect(check).toMatchObject({ isSound: false, hives: SOME_PAGES, integrity: [] });
  expect(check.damage).toMatchObject([{ id: "hive-000434", column: "port" }]);
  expect(check.schema.missing).toEqual(["index idx_hives_heartbeat"]);
});
