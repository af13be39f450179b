import { join } from "node:path";
import type { InValue } from "@libsql/client";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readSql } from "../../../test/catalog-file.ts";
import { startSqliteProcess } from "../../../test/processes.ts";
import { temporaryFolder } from "../../testing.ts";
import { EmbeddedClient, isBusy } from "./client.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let path: string;
let client: EmbeddedClient;

function connect(busyTimeoutMs = 5_000): EmbeddedClient {
  return new EmbeddedClient({ target: path, path, busyTimeoutMs });
}

beforeEach(async () => {
  folder = await temporaryFolder();
  path = join(folder.path, "test.db");
  client = connect();
  await client.execute("PRAGMA journal_mode = WAL");
  await client.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v)");
});
afterEach(async () => {
  client.close();
  await folder[Symbol.asyncDispose]();
});

const stored = () => readSql(path, "SELECT id, v FROM t ORDER BY id");
const asRows = (rows: ArrayLike<unknown>[]) => rows.map((row) => Array.from(row));

test("synchronous=FULL holds for the connection, and for the one after a reconnect", async () => {
  expect(asRows((await client.execute("PRAGMA synchronous")).rows)).toEqual([[2]]);
  client.reconnect();
  expect(asRows((await client.execute("PRAGMA synchronous")).rows)).toEqual([[2]]);
});

test("a write says how many rows it changed, and a read resolves to its rows and columns", async () => {
  expect((await client.execute("INSERT INTO t (v) VALUES (1), (2), (3)")).rowsAffected).toBe(3);
  expect((await client.execute({ sql: "UPDATE t SET v = ? WHERE v > ?", args: [9, 1] })).rowsAffected).toBe(2);
  expect((await client.execute("DELETE FROM t WHERE v = 100")).rowsAffected).toBe(0);
  const { rows, columns } = await client.execute("SELECT id, v AS value FROM t WHERE v = :v", { v: 9 });
  expect(columns).toEqual(["id", "value"]);
  expect(asRows(rows)).toEqual([
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
  expect(asRows((await client.execute(sql)).rows)).toEqual(rows);
});

test.each([
  ["INSERT INTO t VALUES (1, 'a') RETURNING id, v", [[1, "a"]]],
  ["WITH n(x) AS (VALUES (4)) INSERT INTO t SELECT x, 'a' FROM n RETURNING id", [[4]]],
  ["REPLACE INTO t VALUES (2, 'b') RETURNING v", [["b"]]],
])("%s resolves to its rows and is in the file at once", async (sql, rows) => {
  expect(asRows((await client.execute(sql)).rows)).toEqual(rows);
  expect(stored()).toHaveLength(1);
  expect((await client.execute(sql.replace("(1,", "(11,").replace("(4)", "(14)"))).rows).toHaveLength(1);
});

test.each<[string, InValue, unknown]>([
  ["a boolean", true, 1],
  ["false", false, 0],
  ["a Date", new Date(1_761_040_800_000), 1_761_040_800_000],
  ["an ArrayBuffer", new Uint8Array([1, 255]).buffer, "01FF"],
  ["a Uint8Array", new Uint8Array([2, 254]), "02FE"],
  ["a bigint", 9_007_199_254_740_991n, 9_007_199_254_740_991],
  ["null", null, null],
  ["a text with a NUL", "a\0b", "610062"],
  ["a number", 1.5, 1.5],
])("%s is bound by position, by name and in a batch", async (_name, value, expected) => {
  await client.execute("INSERT INTO t (v) VALUES (?)", [value]);
  await client.execute({ sql: "INSERT INTO t (v) VALUES (:v)", args: { v: value } });
  await client.batch([["INSERT INTO t (v) VALUES (?)", [value]]]);
  const shown = typeof expected === "string" ? "hex(v)" : "v";
  expect(readSql(path, `SELECT ${shown} FROM t`)).toEqual([[expected], [expected], [expected]]);
});

test("a batch is atomic: when one statement fails, none is in the file", async () => {
  await client.execute("INSERT INTO t VALUES (1, 'kept')");
  const batch = client.batch(["INSERT INTO t VALUES (2, 'a')", "INSERT INTO t VALUES (1, 'twice')"], "write");
  await expect(batch).rejects.toMatchObject({ code: "SQLITE_CONSTRAINT_PRIMARYKEY" });
  expect(stored()).toEqual([[1, "kept"]]);
  await client.batch(["INSERT INTO t VALUES (2, 'b')", { sql: "INSERT INTO t VALUES (?, ?)", args: [3, "c"] }]);
  expect(stored()).toHaveLength(3);
});

test.each([
  ["a constraint", "INSERT INTO t VALUES (1, 'twice')"],
  ["a statement that fails half way", "INSERT INTO t SELECT 5, json_extract('{', '$.a')"],
  ["a statement that cannot be prepared", "INSERT INTO missing VALUES (1)"],
])("after %s failed, the next writes reach the file, and their own answers are true", async (_name, failing) => {
  await client.execute("INSERT INTO t VALUES (1, 'kept')");
  for (let time = 0; time < 2; time++) {
    await expect(client.execute(failing)).rejects.toThrow();
    expect((await client.execute("UPDATE t SET v = ? WHERE id = 1", [time])).rowsAffected).toBe(1);
    expect(stored()).toEqual([[1, time]]);
  }
});

test("a transaction is in the file when it is committed, not before, and not after a rollback or close", async () => {
  const committed = await client.transaction("write");
  expect((await committed.execute("INSERT INTO t VALUES (1, 'a')")).rowsAffected).toBe(1);
  expect(asRows((await committed.execute({ sql: "SELECT v FROM t WHERE id = ?", args: [1] })).rows)).toEqual([["a"]]);
  expect(stored()).toEqual([]);
  await committed.commit();
  expect(stored()).toEqual([[1, "a"]]);

  const rolledBack = await client.transaction("write");
  await rolledBack.batch(["DELETE FROM t", "INSERT INTO t VALUES (2, 'b')"]);
  await rolledBack.rollback();
  const closed = await client.transaction("write");
  await closed.executeMultiple("DELETE FROM t; INSERT INTO t VALUES (3, 'c')");
  closed.close();
  expect(closed.closed).toBe(true);
  expect(stored()).toEqual([[1, "a"]]);
});

test("other calls wait until a transaction is over, and see what it stored", async () => {
  const order: string[] = [];
  const transaction = await client.transaction("write");
  await transaction.execute("INSERT INTO t VALUES (1, 'a')");
  const others = [
    client.execute("INSERT INTO t VALUES (2, 'b')").then(() => order.push("write")),
    client.execute("SELECT count(*) FROM t").then(({ rows }) => order.push(`read ${rows[0]?.[0]}`)),
  ];
  await new Promise((resolve) => setImmediate(resolve));
  expect(order).toEqual([]);
  order.push("rollback");
  await transaction.rollback();
  await Promise.all(others);
  expect(order).toEqual(["rollback", "write", "read 1"]);
  expect(stored()).toEqual([[2, "b"]]);
});

test("a read that fails half way at any moment of a write or transaction takes nothing from it", async () => {
  for (let ticks = 0; ticks < 12; ticks++) {
    const pass = async () => {
      for (let tick = 0; tick < ticks; tick++) await undefined;
    };
    const write = client.execute("INSERT INTO t (v) VALUES ('written')");
    await pass();
    await expect(client.execute("SELECT json('{')")).rejects.toThrow();
    expect((await write).rowsAffected).toBe(1);
    const beginning = client.transaction("write");
    await pass();
    const read = expect(client.execute("SELECT json('{')")).rejects.toThrow();
    const transaction = await beginning;
    await transaction.execute("INSERT INTO t (v) VALUES ('written')");
    await transaction.commit();
    await read;
  }
  expect(stored()).toHaveLength(24);
});

test.each([
  ["a constraint", "INSERT INTO t VALUES (1, 'twice')"],
  ["a statement that fails half way", "INSERT INTO t SELECT 5, json_extract('{', '$.a')"],
])("a transaction in which %s failed can be rolled back: nothing of it is in the file", async (_name, failing) => {
  await client.execute("INSERT INTO t VALUES (1, 'kept')");
  const transaction = await client.transaction("write");
  await transaction.execute("INSERT INTO t VALUES (2, 'b')");
  await expect(transaction.execute(failing)).rejects.toThrow();
  transaction.close();
  expect(stored()).toEqual([[1, "kept"]]);
  await client.execute("INSERT INTO t VALUES (3, 'c')");
  expect(stored()).toHaveLength(2);
});

test("a transaction whose statement failed half way never stores a part of itself", async () => {
  const transaction = await client.transaction("write");
  await transaction.execute("INSERT INTO t VALUES (1, 'before')");
  await expect(transaction.execute("INSERT INTO t SELECT 5, json_extract('{', '$.a')")).rejects.toThrow();
  const rest = async () => {
    await transaction.execute("INSERT INTO t VALUES (2, 'after')");
    await transaction.commit();
  };
  const committed = await rest().then(
    () => true,
    () => false,
  );
  expect(stored().map(([id]) => id)).toEqual(committed ? [1, 2] : []);
});

test("a transaction for reading sees one state while another connection writes", async () => {
  const transaction = await client.transaction("read");
  expect((await transaction.execute("SELECT count(*) FROM t")).rows[0]?.[0]).toBe(0);
  const other = connect();
  await other.execute("INSERT INTO t VALUES (1, 'a')");
  other.close();
  expect((await transaction.execute("SELECT count(*) FROM t")).rows[0]?.[0]).toBe(0);
  await transaction.commit();
  expect((await client.execute("SELECT count(*) FROM t")).rows[0]?.[0]).toBe(1);
});

test("hundreds of different statements are run rightly, beyond what is kept", async () => {
  for (let id = 0; id < 400; id++) {
    expect(asRows((await client.execute(`SELECT ${id}, ?`, [id])).rows)).toEqual([[id, id]]);
  }
});

test("a kept statement sees a column that was added meanwhile", async () => {
  await client.execute("INSERT INTO t VALUES (1, 'a')");
  const all = "SELECT * FROM t";
  expect(asRows((await client.execute(all)).rows)).toEqual([[1, "a"]]);
  await client.execute("ALTER TABLE t ADD COLUMN w DEFAULT 'new'");
  expect(asRows((await client.execute(all)).rows)).toEqual([[1, "a", "new"]]);
});

test("writes that run at once take effect in the order of their calls", async () => {
  await client.execute("INSERT INTO t VALUES (1, '')");
  const letters = [..."abcdefghij"];
  await Promise.all(letters.map((letter) => client.execute("UPDATE t SET v = v || ?", [letter])));
  expect(stored()).toEqual([[1, letters.join("")]]);
});

test("while another process holds the lock, the event loop turns, reads go on, and the write reaches the file after", async () => {
  await using other = await startSqliteProcess(path);
  await other.run("BEGIN IMMEDIATE");
  await other.run("INSERT INTO t VALUES (1, 'theirs')");
  let written = false;
  const write = client.execute("INSERT INTO t VALUES (2, 'mine')").then(() => {
    written = true;
  });
  let turns = 0;
  for (; turns < 100; turns++) await new Promise((resolve) => setImmediate(resolve));
  expect((await client.execute("SELECT count(*) FROM t")).rows[0]?.[0]).toBe(0);
  expect(written).toBe(false);
  await other.run("COMMIT");
  await write;
  expect(await other.run("SELECT v FROM t ORDER BY id")).toEqual([["theirs"], ["mine"]]);
});

test("a write that waited too long fails as busy, and every later write reaches the file as another process sees it", async () => {
  const hasty = connect(30);
  await using other = await startSqliteProcess(path);
  const update = "UPDATE t SET v = ? WHERE id = 1 RETURNING v";
  await hasty.execute("INSERT INTO t VALUES (1, 'first')");
  await hasty.execute(update, ["second"]);

  await other.run("BEGIN IMMEDIATE");
  for (const failing of [
    hasty.execute(update, ["lost"]),
    hasty.execute("UPDATE t SET v = 'lost'"),
    hasty.batch(["UPDATE t SET v = 'lost'"], "write"),
    hasty.transaction("write"),
  ]) {
    const error = await failing.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(isBusy(error)).toBe(true);
  }
  await other.run("ROLLBACK");

  for (const value of ["third", "fourth"]) {
    expect(asRows((await hasty.execute(update, [value])).rows)).toEqual([[value]]);
    expect(await other.run("SELECT v FROM t")).toEqual([[value]]);
  }
  await other.run("UPDATE t SET v = 'theirs'");
  expect(asRows((await hasty.execute("SELECT v FROM t")).rows)).toEqual([["theirs"]]);
  hasty.close();
});

test("a write that waits when the client is closed fails and is not in the file", async () => {
  await using other = await startSqliteProcess(path);
  await other.run("BEGIN IMMEDIATE");
  const write = client.execute("INSERT INTO t VALUES (1, 'a')");
  await new Promise((resolve) => setImmediate(resolve));
  client.close();
  await expect(write).rejects.toThrow(/closed/);
  await other.run("COMMIT");
  expect(await other.run("SELECT count(*) FROM t")).toEqual([[0]]);
});

test("the first row of a query is found again after the same query found nothing", async () => {
  await client.execute("INSERT INTO t VALUES (1, 'a')");
  const sql = "SELECT v FROM t WHERE id = ?";
  expect(Array.from((await client.first(sql, [1])) ?? [])).toEqual(["a"]);
  expect((await client.execute({ sql, args: [7] })).rows).toEqual([]);
  expect(Array.from((await client.first(sql, [1])) ?? [])).toEqual(["a"]);
});
