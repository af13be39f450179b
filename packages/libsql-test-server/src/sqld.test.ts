import { expect, test } from "vitest";
import { codeOf, execute, resultOf, send, startSite } from "../test/site.ts";

test("speaks versions 2 and 3 in JSON alone: 404 for everything else", async () => {
  await using site = await startSite();
  for (const version of [2, 3]) {
    expect((await fetch(`${site.server.url}/v${version}`)).status).toBe(200);
    expect(resultOf(await send(site, [execute("SELECT 1")], null, version))).toMatchObject({ cols: [{ name: "1" }] });
  }
  for (const path of ["v3-protobuf", "v3-protobuf/pipeline", "v1", "nothing"]) {
    expect((await fetch(`${site.server.url}/${path}`)).status).toBe(404);
    expect((await fetch(`${site.server.url}/${path}`, { method: "POST", body: "{}" })).status).toBe(404);
  }
});

test("gives what is new in version 3 to version 3 alone", async () => {
  await using site = await startSite();
  const steps = [{ stmt: { sql: "SELECT 1" }, condition: { type: "not", cond: { type: "is_autocommit" } } }];
  for (const request of [{ type: "get_autocommit" }, { type: "batch", batch: { steps } }]) {
    expect((await send(site, [request])).status).toBe(400);
    expect((await send(site, [request], null, 3)).status).toBe(200);
  }
});

test("answers a failed statement with its code, and goes on with the next request", async () => {
  await using site = await startSite();
  const reply = await send(site, [
    execute("SELEC 1"),
    execute("INSERT INTO t VALUES (1, 1)"),
    execute("INSERT INTO t VALUES (1, 1)"),
    execute("SELECT 1; SELECT 2"),
    execute(" -- nothing"),
    execute("ATTACH 'other.db' AS other"),
    execute("SELECT missing FROM t"),
    execute("SELECT 1 FROM nowhere"),
    execute("PRAGMA synchronous = FULL"),
    execute("SELECT count(*) FROM t"),
  ]);
  expect(reply.body.results?.map((_, index) => codeOf(reply, index))).toEqual([
    "SQL_PARSE_ERROR",
    undefined,
    "SQLITE_CONSTRAINT",
    "SQL_MANY_STATEMENTS",
    "SQL_NO_STATEMENT",
    "SQL_PARSE_ERROR",
    "SQL_INPUT_ERROR",
    "SQLITE_UNKNOWN",
    "SQL_PARSE_ERROR",
    undefined,
  ]);
  expect(resultOf(reply, 9)).toMatchObject({ rows: [[{ type: "integer", value: "1" }]] });
});

test("runs a sequence up to its first failure, and nothing of one in which there is no SQL", async () => {
  await using site = await startSite();
  const ids = async () => (await site.client.execute("SELECT id FROM t")).rows.map(({ id }) => id);
  await site.client.executeMultiple("INSERT INTO t VALUES (1, 1); INSERT INTO t VALUES (2, 2);");
  const failing = site.client.executeMultiple("INSERT INTO t VALUES (3, 3); DROP TABLE u; INSERT INTO t VALUES (4, 4)");
  await expect(failing).rejects.toMatchObject({ code: "SQLITE_UNKNOWN" });
  expect(await ids()).toEqual([1, 2, 3]);
  const senseless = site.client.executeMultiple("INSERT INTO t VALUES (5, 5); SELEC; INSERT INTO t VALUES (6, 6)");
  await expect(senseless).rejects.toMatchObject({ code: "SQL_PARSE_ERROR" });
  expect(await ids()).toEqual([1, 2, 3]);
});

test("has limits for a value and for an answer", async () => {
  await using site = await startSite({ maxRowBytes: 100, maxResponseBytes: 1000 });
  const insert = (v: string) => site.client.execute({ sql: "INSERT INTO t (v) VALUES (?)", args: [v] });
  await expect(insert("x".repeat(101))).rejects.toMatchObject({ code: "ARGS_INVALID" });
  for (let i = 0; i < 20; i++) await insert("x".repeat(80));
  await expect(site.client.execute("SELECT group_concat(v) FROM t")).rejects.toMatchObject({ code: "SQLITE_TOOBIG" });
  await expect(site.client.execute("SELECT v FROM t")).rejects.toMatchObject({ code: "RESPONSE_TOO_LARGE" });
  expect((await site.client.execute("SELECT v FROM t LIMIT 5")).rows).toHaveLength(5);
});

test("takes the statements of a migration as @libsql/client sends them", async () => {
  await using site = await startSite();
  await site.client.migrate(["CREATE TABLE u (v)", "INSERT INTO u VALUES (1)"]);
  expect((await site.client.execute("SELECT v FROM u")).rows[0]?.v).toBe(1);
});

test("takes no statement that would change how its connections work", async () => {
  await using site = await startSite();
  const refused = [
    "synchronous(2)",
    "main.cache_size = 5",
    "optimize",
    "wal_checkpoint(TRUNCATE)",
    "writable_schema = 1",
  ];
  const statements = [...refused.map((text) => `PRAGMA ${text}`), "ANALYZE", "VACUUM", "CREATE TEMP TABLE u (v)"];
  for (const sql of statements) {
    await expect(site.client.execute(sql), sql).rejects.toMatchObject({ code: "SQL_PARSE_ERROR" });
  }
  for (const text of ["main.table_info(t)", "synchronous;", "quick_check(1)", "foreign_keys = off", "user_version"]) {
    await site.client.execute(`PRAGMA ${text}`);
  }
});

test("does not sync its commits until it is told to, and says so", async () => {
  await using site = await startSite();
  const synchronous = async () => (await site.client.execute("PRAGMA synchronous")).rows[0]?.[0];
  expect(await synchronous()).toBe(1);
  site.server.durability.mode = "strong";
  expect(await synchronous()).toBe(2);
});

test("stores what is written in a transaction or a batch that is said to read", async () => {
  await using site = await startSite();
  const INSERT = "INSERT INTO t (v) VALUES ('x')";
  await site.client.batch(["SELECT 1", INSERT], "read");
  const transaction = await site.client.transaction("read");
  await transaction.execute(INSERT);
  await transaction.commit();
  expect((await site.client.execute("SELECT count(*) AS n FROM t")).rows[0]?.n).toBe(2);
});
