import { statSync } from "node:fs";
import { join } from "node:path";
import Database from "libsql";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readSql } from "../../../test/catalog-file.ts";
import { temporaryFolder } from "../../testing.ts";
import { plain, type SqlValue } from "../client.ts";
import { toCatalogError } from "../errors.ts";
import { FileClient } from "./client.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let path: string;
let client: FileClient;

function connect(busyTimeoutMs = 5_000): FileClient {
  return new FileClient({ target: path, path, busyTimeoutMs });
}

beforeEach(async () => {
  folder = await temporaryFolder();
  path = join(folder.path, "test.db");
  client = connect();
  await client.useWal();
  await client.execute(plain("CREATE TABLE t (id INTEGER PRIMARY KEY, v)"));
});
afterEach(async () => {
  client.close();
  await folder[Symbol.asyncDispose]();
});

const stored = () => readSql(path, "SELECT id, v FROM t ORDER BY id");

test("synchronous=FULL holds for the connection, and for the one after a statement failed half way", async () => {
  expect((await client.execute(plain("PRAGMA synchronous"))).rows).toEqual([[2]]);
  await expect(client.execute(plain("SELECT json('{')"))).rejects.toThrow();
  expect((await client.execute(plain("PRAGMA synchronous"))).rows).toEqual([[2]]);
});

test("a write says how many rows it changed, and a read resolves to its rows", async () => {
  expect((await client.execute(plain("INSERT INTO t (v) VALUES (1), (2), (3)"))).rowsAffected).toBe(3);
  expect((await client.execute({ sql: "UPDATE t SET v = ? WHERE v > ?", args: [9, 1] })).rowsAffected).toBe(2);
  expect((await client.execute(plain("DELETE FROM t WHERE v = 100"))).rowsAffected).toBe(0);
  const { rows } = await client.execute({ sql: "SELECT id, v FROM t WHERE v = ?", args: [9] });
  expect(rows).toEqual([
    [2, 9],
    [3, 9],
  ]);
});

test.each([
  ["VALUES (1), (2)", [[1], [2]]],
  ["  select 7", [[7]]],
  ["SELECT 1 WHERE 0", []],
  ["WITH n(x) AS (VALUES (4)) SELECT x FROM n", [[4]]],
  ["-- why\nSELECT 5", [[5]]],
  ["PRAGMA user_version", [[0]]],
])("%s resolves to its rows", async (sql, rows) => {
  expect((await client.execute(plain(sql))).rows).toEqual(rows);
});

test.each([
  ["INSERT INTO t VALUES (1, 'a') RETURNING id, v", [[1, "a"]]],
  ["WITH n(x) AS (VALUES (4)) INSERT INTO t SELECT x, 'a' FROM n RETURNING id", [[4]]],
  ["REPLACE INTO t VALUES (2, 'b') RETURNING v", [["b"]]],
])("%s resolves to its rows and is in the file at once", async (sql, rows) => {
  expect((await client.execute(plain(sql))).rows).toEqual(rows);
  expect(stored()).toHaveLength(1);
  expect((await client.execute(plain(sql.replace("(1,", "(11,").replace("(4)", "(14)")))).rows).toHaveLength(1);
});

test.each<[string, SqlValue, unknown]>([
  ["a Uint8Array", new Uint8Array([2, 254]), "02FE"],
  ["a Buffer", Buffer.from([1, 255]), "01FF"],
  ["null", null, null],
  ["a text with a NUL", "a\0b", "610062"],
  ["a large number", 9_007_199_254_740_991, 9_007_199_254_740_991],
  ["a fraction", 1.5, 1.5],
])("%s is bound in a statement and in a batch", async (_name, value, expected) => {
  const insert = { sql: "INSERT INTO t (v) VALUES (?)", args: [value] };
  await client.execute(insert);
  await client.batch([insert]);
  const shown = typeof expected === "string" ? "hex(v)" : "v";
  expect(readSql(path, `SELECT ${shown} FROM t`)).toEqual([[expected], [expected]]);
});

test("a batch is atomic: when one statement fails, none is in the file", async () => {
  await client.execute(plain("INSERT INTO t VALUES (1, 'kept')"));
  const batch = client.batch([plain("INSERT INTO t VALUES (2, 'a')"), plain("INSERT INTO t VALUES (1, 'twice')")]);
  await expect(batch).rejects.toMatchObject({ code: "SQLITE_CONSTRAINT_PRIMARYKEY" });
  expect(stored()).toEqual([[1, "kept"]]);
  const inserts = [plain("INSERT INTO t VALUES (2, 'b')"), { sql: "INSERT INTO t VALUES (?, ?)", args: [3, "c"] }];
  expect((await client.batch([...inserts, plain("DELETE FROM t")])).map(({ rowsAffected }) => rowsAffected)).toEqual([
    1, 1, 3,
  ]);
});

test.each([
  ["a constraint", "INSERT INTO t VALUES (1, 'twice')"],
  ["a statement that fails half way", "INSERT INTO t SELECT 5, json_extract('{', '$.a')"],
  ["a statement that cannot be prepared", "INSERT INTO missing VALUES (1)"],
])("after %s failed, the next writes reach the file, and their own answers are true", async (_name, failing) => {
  await client.execute(plain("INSERT INTO t VALUES (1, 'kept')"));
  for (let time = 0; time < 2; time++) {
    await expect(client.execute(plain(failing))).rejects.toThrow();
    expect((await client.execute({ sql: "UPDATE t SET v = ? WHERE id = 1", args: [time] })).rowsAffected).toBe(1);
    expect(stored()).toEqual([[1, time]]);
  }
});

test("a read that fails half way at any moment of a write takes nothing from it", async () => {
  for (let ticks = 0; ticks < 12; ticks++) {
    const pass = async () => {
      for (let tick = 0; tick < ticks; tick++) await undefined;
    };
    const write = client.execute(plain("INSERT INTO t (v) VALUES ('written')"));
    await pass();
    await expect(client.execute(plain("SELECT json('{')"))).rejects.toThrow();
    expect((await write).rowsAffected).toBe(1);
  }
  expect(stored()).toHaveLength(12);
});

test.each<[string, (client: FileClient, sql: string) => Promise<unknown>]>([
  ["a read", (one, sql) => one.execute(plain(sql))],
  ["the first row of a read", (one, sql) => one.first(plain(sql))],
])("%s that met a lock holds the file against nobody once it is done", async (_what, read) => {
  const other = join(folder.path, "no-wal.db");
  const holder = new Database(other, { timeout: 0 });
  holder.exec("CREATE TABLE t (v); INSERT INTO t VALUES (1)");
  const reader = new FileClient({ target: other, path: other, busyTimeoutMs: 5_000, readOnly: "it is only looked at" });
  // Else it would meet the lock when it reads the schema, which leaves nothing open.
  await read(reader, "SELECT count(*) FROM t");
  holder.exec("BEGIN EXCLUSIVE");
  const first = read(reader, "SELECT v FROM t");
  // It has tried by then.
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
  holder.exec("COMMIT");
  await first;
  await read(reader, "SELECT v FROM t");
  holder.exec("BEGIN EXCLUSIVE; INSERT INTO t VALUES (2); COMMIT");
  reader.close();
  holder.close();
});

test("hundreds of different statements are run rightly, beyond what is kept", async () => {
  for (let id = 0; id < 400; id++) {
    expect((await client.execute({ sql: `SELECT ${id}, ?`, args: [id] })).rows).toEqual([[id, id]]);
  }
});

test("a kept statement sees a column that was added meanwhile", async () => {
  await client.execute(plain("INSERT INTO t VALUES (1, 'a')"));
  const all = "SELECT * FROM t";
  expect((await client.execute(plain(all))).rows).toEqual([[1, "a"]]);
  await client.execute(plain("ALTER TABLE t ADD COLUMN w DEFAULT 'new'"));
  expect((await client.execute(plain(all))).rows).toEqual([[1, "a", "new"]]);
});

test("writes that run at once take effect in the order of their calls", async () => {
  await client.execute(plain("INSERT INTO t VALUES (1, '')"));
  const letters = [..."abcdefghij"];
  await Promise.all(letters.map((letter) => client.execute({ sql: "UPDATE t SET v = v || ?", args: [letter] })));
  expect(stored()).toEqual([[1, letters.join("")]]);
});

test("the first row of a query is found again after the same query found nothing", async () => {
  await client.execute(plain("INSERT INTO t VALUES (1, 'a')"));
  const sql = "SELECT v FROM t WHERE id = ?";
  expect(await client.first({ sql, args: [1] })).toEqual(["a"]);
  expect((await client.execute({ sql, args: [7] })).rows).toEqual([]);
  expect(await client.first({ sql, args: [1] })).toEqual(["a"]);
});

test("a file that cannot be opened, as where no file descriptor is left, is no fault of this software", () => {
  const target = join(folder.path, "gone", "test.db");
  const open = () => new FileClient({ target, path: undefined, busyTimeoutMs: 0 });
  const codeOf = (work: () => unknown) => {
    try {
      return work();
    } catch (error) {
      return toCatalogError(error).code;
    }
  };
  expect(codeOf(open)).toBe("CATALOG_UNAVAILABLE");
});

test("a -wal that grew because another program went on reading gives its room back once that has ended", async () => {
  const reader = new Database(path);
  reader.exec("BEGIN; SELECT * FROM t;");
  const write = () => client.execute(plain("INSERT INTO t (v) VALUES (zeroblob(1000000))"));
  for (let n = 0; n < 20; n++) await write();
  expect(statSync(`${path}-wal`).size).toBeGreaterThan(20_000_000);
  reader.close();
  for (let n = 0; n < 3; n++) await write();
  expect(statSync(`${path}-wal`).size).toBeLessThanOrEqual(16 * 2 ** 20);
  expect((await client.execute(plain("SELECT count(*) FROM t"))).rows).toEqual([[23]]);
});
