import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { startTestServer } from "@repo/libsql-test-server";
import { expect, test } from "vitest";
import { CatalogFile, SPECIFICATION_DDL } from "../../test/catalog-file.ts";
import { manyHives } from "../../test/large-catalog.ts";
import { refusalOf } from "../../test/refusal.ts";
import { HiveCatalog } from "../index.ts";
import { catalogInfo, checkCatalog } from "../maintenance.ts";
import { aHive } from "../testing.ts";

const MIGRATIONS = [
  "0000_create_hives",
  "0001_keyset_indexes",
  "0002_cordons_tokens_operations_host_keys",
  "0003_revisions_and_retention",
  "0004_queens",
  "0005_gpus_that_could_not_be_read",
  "0006_labels_and_gpus",
  "0007_sessions_and_use_of_tokens",
];

test("info tells sizes, versions, migrations and counts of a catalog in use", async () => {
  await using file = await CatalogFile.create();
  const catalog = await file.open();
  const beats = { online: 5000, offline: 3000 } as const;
  for (const status of ["online", "offline"] as const) {
    await catalog.addHive(aHive({ id: status, status, lastHeartbeatMs: beats[status] }));
  }
  await catalog.addHive(aHive({ id: "unknown" }));
  await catalog.addHive(aHive({ id: "damaged" }));
  await catalog.cordons.set("online", { reason: "fans" });
  for (const port of [22, 2222]) {
    await catalog.hostKeys.pin({ host: "h", port, keyType: "ssh-rsa", publicKey: "AAAA" });
  }
  file.run("UPDATE hives SET status = CAST(x'ff' AS TEXT), last_heartbeat_ms = 'early' WHERE id = 'damaged'");
  const info = await catalogInfo(file.path);
  expect(info).toMatchObject({
    location: file.path,
    migrations: { applied: MIGRATIONS, pending: [] },
    hives: 4,
    hivesByStatus: { unknown: 1, online: 1, offline: 1 },
    records: {
      cordons: 1,
      tokens: 0,
      sessions: 0,
      operations: 0,
      host_keys: 2,
      queens: 0,
      hive_labels: 0,
      hive_gpus: 4,
    },
    oldestHeartbeatMs: 3000,
    file: { bytes: statSync(file.path).size, walBytes: statSync(`${file.path}-wal`).size, journalMode: "wal" },
  });
  expect(info.file?.walBytes).toBeGreaterThan(0);
  expect(info.sqliteVersion).toMatch(/^3\.\d+\.\d+$/);
  const { version } = createRequire(import.meta.url)("../../node_modules/libsql/package.json");
  expect(info.file?.libsqlVersion).toBe(version);
  file.run("UPDATE hives SET last_heartbeat_ms = CAST(x'ff' AS TEXT)");
  expect((await catalogInfo(file.path)).oldestHeartbeatMs).toBeUndefined();
});

test("info of a file of the specification tells that it lacks our migrations, and changes nothing", async () => {
  await using file = await CatalogFile.create(SPECIFICATION_DDL, manyHives(3));
  expect(await catalogInfo(file.path)).toMatchObject({
    migrations: { applied: [], pending: MIGRATIONS },
    hives: 3,
    records: {
      cordons: 0,
      tokens: 0,
      sessions: 0,
      operations: 0,
      host_keys: 0,
      queens: 0,
      hive_labels: 0,
      hive_gpus: 0,
    },
    file: { journalMode: "delete", walBytes: 0 },
  });
  expect(file.read("SELECT count(*) FROM sqlite_schema WHERE name = '__drizzle_migrations'")).toEqual([[0]]);
});

test("a table that another application has under a name of ours is not read, nor checked", async () => {
  const theirs = ["CREATE TABLE tokens (note)", "INSERT INTO tokens VALUES ('parking')"];
  await using file = await CatalogFile.create(SPECIFICATION_DDL, ...theirs);
  expect((await catalogInfo(file.path)).records.tokens).toBe(0);
  expect(await checkCatalog(file.path)).toMatchObject({ isSound: true, records: 0, recordDamage: [] });
});

test("info of a catalog on a server tells what SQL can", async () => {
  await using file = await CatalogFile.create();
  await (await HiveCatalog.open(file.path)).close();
  await using server = await startTestServer({ path: file.path });
  const info = await catalogInfo(server.url);
  expect(info).toMatchObject({ hives: 0, migrations: { applied: MIGRATIONS, pending: [] } });
  expect(info.file).toBeUndefined();
  expect(info.server).toEqual({ synchronous: "normal" });
  expect(info.oldestHeartbeatMs).toBeUndefined();
});

test("info of nothing names the path", async () => {
  await using file = await CatalogFile.create();
  const error = await refusalOf(catalogInfo(file.path));
  expect(error).toMatchObject({ code: "CATALOG_UNAVAILABLE", message: expect.stringContaining(file.path) });
});
