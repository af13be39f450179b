import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { startTestServer } from "@repo/libsql-test-server";
import Database from "libsql";
import { expect, test } from "vitest";
import { anOperation, HASH } from "../../test/behaviour/samples.ts";
import { CatalogFile, leaveWal, readSql, runSql, SPECIFICATION_DDL } from "../../test/catalog-file.ts";
import { fieldsOf, refusalOf } from "../../test/refusal.ts";
import { HiveCatalog } from "../catalog.ts";
import type { HiveRecord } from "../model/hive.ts";
import type { DamagedHive } from "../options.ts";
import { aHive, temporaryFolder } from "../testing.ts";

const INSERT = "INSERT INTO hives VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
const DEVICES_JSON = '{"cpu":{"cores":16,"ram_gb":64},"gpus":[{"index":0,"name":"NVIDIA RTX 4090","vram_gb":24}]}';

/** Rows as the Rust system wrote them, and what they are. */
const ADOPTED: [unknown[], HiveRecord][] = [
  [
    ["bare", "127.0.0.1", 1, null, null, null, "unknown", null, null, 0, 0],
    {
      ...{ id: "bare", host: "127.0.0.1", port: 1, sshHost: null, sshPort: null, sshUser: null, status: "unknown" },
      ...{ lastHeartbeatMs: null, devices: null, createdAtMs: 0, updatedAtMs: 0 },
    },
  ],
  [
    ["full", "10.0.1.100", 65535, "jump.example.org", 22, "admin", "online", 1, DEVICES_JSON, 1761040800000, 8.64e15],
    aHive({
      ...{ id: "full", port: 65_535, sshHost: "jump.example.org", status: "online", lastHeartbeatMs: 1 },
      ...{ createdAtMs: 1_761_040_800_000, updatedAtMs: 8.64e15 },
    }),
  ],
  [
    ["ipv6", "fe80::1", 8600, "::1", null, null, "offline", 0, '{"cpu":null,"gpus":[]}', 5, 6],
    {
      ...{ id: "ipv6", host: "fe80::1", port: 8600, sshHost: "::1", sshPort: null, sshUser: null, status: "offline" },
      ...{ lastHeartbeatMs: 0, devices: { cpu: null, gpus: [] }, createdAtMs: 5, updatedAtMs: 6 },
    },
  ],
  [
    [
      "names",
      "h",
      8600,
      null,
      null,
      null,
      "unknown",
      null,
      '{"gpus":[{"name":"Grüße 😀","id":"gpu7","vram_gb":1}],"x":1}',
      5,
      6,
    ],
    {
      ...{ id: "names", host: "h", port: 8600, sshHost: null, sshPort: null, sshUser: null, status: "unknown" },
      ...{ devices: { cpu: null, gpus: [{ index: 7, name: "Grüße 😀", vramGb: 1 }] } },
      ...{ lastHeartbeatMs: null, createdAtMs: 5, updatedAtMs: 6 },
    },
  ],
];

async function adoptedFile(...statements: string[]): Promise<CatalogFile> {
  const file = await CatalogFile.create(SPECIFICATION_DDL);
  const database = new Database(file.path);
  for (const [values] of ADOPTED) database.prepare(INSERT).run(values);
  database.close();
  if (statements.length > 0) file.run(...statements);
  return file;
}

test("a file made with the specification's DDL opens with every value, and again", async () => {
  await using file = await adoptedFile();
  for (let time = 1; time <= 2; time++) {
    const catalog = await file.open();
    expect(await catalog.listHives()).toEqual(ADOPTED.map(([, hive]) => hive));
    for (const [, hive] of ADOPTED) expect(await catalog.getHive(hive.id)).toEqual(hive);
    await catalog.close();
  }
  expect(file.read("SELECT count(*) FROM __drizzle_migrations")).not.toEqual([[0]]);
});

test("an adopted file takes every change", async () => {
  await using file = await adoptedFile();
  const catalog = await file.open();
  await catalog.addHive(aHive({ id: "new" }));
  await catalog.updateHeartbeat("bare", 9);
  expect(await catalog.updateHive(aHive({ id: "full" }))).toMatchObject({ createdAtMs: 1_761_040_800_000 });
  expect(await catalog.removeHive("ipv6")).toBe(true);
  expect((await catalog.listHives()).map(({ id }) => id)).toEqual(["bare", "full", "names", "new"]);
});

test("what drives a GPU, which the Rust system stored, outlives a change of the hive", async () => {
  await using file = await CatalogFile.create(SPECIFICATION_DDL);
  const devices = { cpu: null, gpus: [{ index: 0, name: "RTX 3060", vram_gb: 12, backend: "cuda" }] };
  file.run(
    `INSERT INTO hives VALUES ('a', 'h', 1, NULL, NULL, NULL, 'unknown', NULL, '${JSON.stringify(devices)}', 0, 0)`,
  );
  await using catalog = await file.open();
  const hive = await catalog.getHive("a");
  await catalog.updateHive({ ...hive, ...aHive({ id: "a" }), devices: hive?.devices ?? null });
  await catalog.updateDevices("a", hive?.devices ?? { cpu: null, gpus: [] });
  expect(JSON.parse(String(file.read("SELECT devices_json FROM hives")[0]?.[0]))).toEqual(devices);
});

test("an adopted file with damaged rows opens, resolves to the sound ones and says which are damaged", async () => {
  await using file = await adoptedFile(
    "UPDATE hives SET devices_json = 'oops' WHERE id = 'full'",
    "INSERT INTO hives VALUES (NULL, 'h', 0, NULL, NULL, NULL, 'dead', NULL, NULL, 0, 0)",
    "INSERT INTO hives VALUES ('an odd id', CAST(x'ff' AS TEXT), 1, NULL, NULL, NULL, 'online', NULL, NULL, 0, 0)",
  );
  const reported: DamagedHive[] = [];
  const catalog = await file.open({ onCorruptHive: (damage) => reported.push(damage) });
  expect((await catalog.listHives()).map(({ id }) => id)).toEqual(["bare", "ipv6", "names"]);
  expect(reported.map(({ id, column }) => [id, column]).sort()).toEqual(
    [
      ["NULL", "id"],
      ["NULL", "port"],
      ["NULL", "status"],
      ["full", "devices_json"],
      ["an odd id", "host"],
    ].sort(),
  );
  expect(fieldsOf(await refusalOf(catalog.getHive("full")))).toEqual(["devices_json"]);
  expect(await catalog.countHives()).toBe(6);
});

test("a catalog may stand beside another application's tables, when its hives table is right", async () => {
  await using file = await adoptedFile("CREATE TABLE notes (text)", "INSERT INTO notes VALUES ('mine')");
  expect(await (await file.open()).countHives()).toBe(ADOPTED.length);
  expect(file.read("SELECT text FROM notes")).toEqual([["mine"]]);
});

test("hives with columns in another order and case is the catalog's table too", async () => {
  const columns =
    "updated_at_ms integer, created_at_ms bigint, devices_json text, last_heartbeat_ms int, status varchar, ssh_user text, ssh_port int, ssh_host text, port int, host text";
  await using file = await CatalogFile.create(
    `CREATE TABLE Hives (${columns.toUpperCase()}, ID TEXT PRIMARY KEY)`,
    `INSERT INTO hives (id, host, port, status, created_at_ms, updated_at_ms) VALUES ('a', 'h', 1, 'online', 0, 0)`,
  );
  expect((await (await file.open()).getHive("a"))?.host).toBe("h");
});

const HIVES_OF_BEES = "CREATE TABLE hives (id INTEGER PRIMARY KEY, queen TEXT, honey_kg REAL)";
const FOREIGN: [string, string[], RegExp][] = [
  ["a hives table with other columns", [HIVES_OF_BEES, "INSERT INTO hives VALUES (1, 'Bea', 2.5)"], /has no column/],
  ["a hives table that lacks one column", [SPECIFICATION_DDL.replace(/ +ssh_user +TEXT,\n/, "")], /ssh_user/],
  ["a hives table with one more", [SPECIFICATION_DDL, "ALTER TABLE hives ADD COLUMN colour TEXT"], /colour/],
  ["a hives table without a key", [SPECIFICATION_DDL.replace("PRIMARY KEY", "")], /key/],
  [
    "a hives table whose port is a text",
    [SPECIFICATION_DDL.replace(/port( +)INTEGER NOT NULL/, "port$1TEXT NOT NULL")],
    /port/,
  ],
  [
    "a hives table WITHOUT ROWID",
    [SPECIFICATION_DDL.split(";")[0]?.replace(/\)\s*$/, ") WITHOUT ROWID") ?? ""],
    /WITHOUT ROWID/,
  ],
  ["the right tables in UTF-16", ["PRAGMA encoding = 'UTF-16le'", SPECIFICATION_DDL], /UTF-16/],
  ["a view called hives", ["CREATE TABLE bees (id)", "CREATE VIEW hives AS SELECT * FROM bees"], /view/],
  ["another application's tables", ["CREATE TABLE invoices (id)", "INSERT INTO invoices VALUES (1)"], /invoices/],
  ["another application's tokens, but no hives", ["CREATE TABLE tokens (id TEXT PRIMARY KEY)"], /no hives table/],
  ["another application's tokens beside right hives", [SPECIFICATION_DDL, "CREATE TABLE Tokens (id)"], /'tokens'/],
  [
    "an index of its own that is called like ours",
    [SPECIFICATION_DDL, "CREATE INDEX Idx_Hives_Status_Id ON hives (port)"],
    /index 'idx_hives_status_id'/,
  ],
  [
    "an index on its own table that is called like ours",
    [SPECIFICATION_DDL, "CREATE TABLE bees (id)", "CREATE INDEX idx_tokens_hive ON bees (id)"],
    /index 'idx_tokens_hive'/,
  ],
  [
    "an index on its own table that is called like one that we drop",
    [SPECIFICATION_DDL.split(";")[0] ?? "", "CREATE TABLE bees (id)", "CREATE INDEX idx_hives_status ON bees (id)"],
    /index 'idx_hives_status'/,
  ],
  ["another application's view", ["CREATE VIEW v AS SELECT 1"], /'v'/],
];

test.each(FOREIGN)(
  "a file with %s is refused with CATALOG_NOT_A_CATALOG and stays byte for byte",
  async (_name, statements, reason) => {
    await using file = await CatalogFile.create(...statements);
    const before = readFileSync(file.path);
    for (const options of [{}, { migrate: false }]) {
      const error = await refusalOf(HiveCatalog.open(file.path, options));
      expect(error.code).toBe("CATALOG_NOT_A_CATALOG");
      expect(error.message).toContain(file.path);
      expect(error.message).toMatch(reason);
    }
    expect(readFileSync(file.path).equals(before)).toBe(true);
    expect(existsSync(`${file.path}-wal`)).toBe(false);
  },
);

test("a foreign file with a -wal full of committed pages is refused, and both stay byte for byte", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "theirs.db");
  leaveWal(join(folder.path, "source.db"), path, "CREATE TABLE invoices (id)", "INSERT INTO invoices VALUES (7)");
  const [file, wal] = [readFileSync(path), readFileSync(`${path}-wal`)];
  expect(wal.length).toBeGreaterThan(0);
  expect((await refusalOf(HiveCatalog.open(path))).code).toBe("CATALOG_NOT_A_CATALOG");
  expect(readFileSync(path).equals(file)).toBe(true);
  expect(readFileSync(`${path}-wal`).equals(wal)).toBe(true);
  expect(readSql(path, "SELECT id FROM invoices")).toEqual([[7]]);
});

test("a catalog whose hives stand in its -wal, after a kill, opens with all of them", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "hives.db");
  const add = "INSERT INTO hives VALUES ('a', 'h', 1, NULL, NULL, NULL, 'online', NULL, NULL, 0, 0)";
  leaveWal(join(folder.path, "source.db"), path, SPECIFICATION_DDL, add);
  await using catalog = await HiveCatalog.open(path);
  expect((await catalog.listHives()).map(({ id }) => id)).toEqual(["a"]);
});

test("a UNIQUE of another program that refuses a change is CATALOG_UNAVAILABLE and names its columns", async () => {
  await using file = await adoptedFile("CREATE UNIQUE INDEX theirs ON hives (host, port)");
  await (await file.open()).close();
  file.run("CREATE UNIQUE INDEX theirs_too ON tokens (name)", "CREATE UNIQUE INDEX theirs_three ON operations (owner)");
  await using server = await startTestServer({ path: file.path });
  for (const location of [file.path, server.url]) {
    await using catalog = await HiveCatalog.open(location);
    const expectRefusal = async (work: Promise<unknown>, columns: string) => {
      const { code, message } = await refusalOf(work);
      expect({ code, message }).toEqual({ code: "CATALOG_UNAVAILABLE", message: expect.stringContaining(columns) });
      expect(message).toContain("pnpm catalog check");
    };
    await expectRefusal(
      catalog.addHive(aHive({ id: "b", host: "127.0.0.1", port: 1 })),
      "UNIQUE constraint failed: hives.host, hives.port",
    );
    expect(await catalog.hiveExists("b")).toBe(false);
    await expectRefusal(catalog.patchHive("full", { host: "127.0.0.1", port: 1 }), "hives.host, hives.port");
    expect((await refusalOf(catalog.addHive(aHive({ id: "full" })))).code).toBe("HIVE_ALREADY_EXISTS");
    const token = { name: "T", role: "reader", hash: HASH } as const;
    if (location === file.path) await catalog.tokens.add({ ...token, id: "one" });
    await expectRefusal(catalog.tokens.add({ ...token, id: "two" }), "tokens.name");
    if (location === file.path) await catalog.operations.begin(anOperation("one", "full"));
    await expectRefusal(catalog.operations.begin(anOperation("two", "bare")), "operations.owner");
  }
});

test("a change that a trigger of another program ignores breaks no rule of SSH: of the hive there was nothing to change", async () => {
  await using file = await CatalogFile.create();
  await using catalog = await file.open();
  await catalog.addHive(aHive({ id: "a" }));
  file.run("CREATE TRIGGER theirs BEFORE UPDATE ON hives BEGIN SELECT RAISE(IGNORE); END");
  const changes = [() => catalog.patchHive("a", { port: 1 }), () => catalog.updateHiveStatus("a", "online")];
  for (const change of changes) expect((await refusalOf(change())).code).toBe("HIVE_NOT_FOUND");
});

test("a table and a column that another program took away are named, with what compares the schema", async () => {
  await using file = await CatalogFile.create();
  await using catalog = await file.open();
  file.run("DROP TABLE host_keys", "ALTER TABLE tokens DROP COLUMN last_used_at_ms");
  await using server = await startTestServer({ path: file.path });
  await using remote = await HiveCatalog.open(server.url);
  for (const { hostKeys, tokens } of [catalog, remote]) {
    const refusals = [await refusalOf(hostKeys.list()), await refusalOf(tokens.list())];
    expect(refusals.map(({ code }) => code)).toEqual(["CATALOG_UNAVAILABLE", "CATALOG_UNAVAILABLE"]);
    expect(refusals.map(({ message }) => message)).toEqual([
      expect.stringMatching(/pnpm catalog check compares the schema.*no such table: host_keys/),
      expect.stringMatching(/pnpm catalog check compares the schema.*no such column: tokens\.last_used_at_ms/),
    ]);
  }
});

test("a table of another program that is being written is looked at without disturbing it", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "theirs.db");
  runSql(path, "CREATE TABLE invoices (id)");
  const theirs = new Database(path);
  theirs.exec("BEGIN IMMEDIATE");
  theirs.exec("INSERT INTO invoices VALUES (1)");
  expect((await refusalOf(HiveCatalog.open(path, { busyTimeoutMs: 20 }))).code).toMatch(/NOT_A_CATALOG|BUSY/);
  theirs.exec("COMMIT");
  theirs.close();
  expect(readSql(path, "SELECT id FROM invoices")).toEqual([[1]]);
});
