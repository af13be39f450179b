import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient } from "@libsql/client/http";
import Database from "libsql";
import { expect, test } from "vitest";
import { startTestServer, type TestServer, type TestServerOptions } from "./server.ts";

type Site = AsyncDisposable & { server: TestServer; client: Client; path: string };

/** A server over a file with a table `t (id INTEGER PRIMARY KEY, v)`. */
async function startSite(options: Partial<TestServerOptions> = {}): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), "libsql-test-server-"));
  const path = join(folder, "t.db");
  const server = await startTestServer({ path, ...options });
  const client = createClient({ url: server.url, ...(options.authToken ? { authToken: options.authToken } : {}) });
  await client.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v)");
  return {
    server,
    client,
    path,
    async [Symbol.asyncDispose]() {
      client.close();
      await server.close();
      await rm(folder, { recursive: true });
    },
  };
}

type Reply = { status: number; body: { baton?: string | null; results?: Result[]; message?: string; code?: string } };
type Result = {
  type: string;
  response?: { result?: unknown; is_autocommit?: boolean };
  error?: { code: string; message: string };
};

/** Sends one pipeline as it is. */
async function send({ server }: Site, requests: unknown[], baton?: string | null): Promise<Reply> {
  const body = JSON.stringify({ baton: baton ?? null, requests });
  const answer = await fetch(`${server.url}/v2/pipeline`, { method: "POST", body });
  const text = await answer.text();
  return { status: answer.status, body: text.startsWith("{") ? JSON.parse(text) : { message: text } };
}

const execute = (sql: string, args: unknown[] = []) => ({ type: "execute", stmt: { sql, args } });
const resultOf = ({ body }: Reply, index = 0) => body.results?.[index]?.response?.result;
const codeOf = ({ body }: Reply, index = 0) => body.results?.[index]?.error?.code;

test("speaks version 2 in JSON alone: 404 for version 3, as @libsql/client expects of such a server", async () => {
  await using site = await startSite();
  expect((await fetch(`${site.server.url}/v2`)).status).toBe(200);
  for (const path of ["v3-protobuf", "v3", "v3-protobuf/pipeline", "v3/pipeline", "nothing"]) {
    expect((await fetch(`${site.server.url}/${path}`)).status).toBe(404);
    expect((await fetch(`${site.server.url}/${path}`, { method: "POST", body: "{}" })).status).toBe(404);
  }
});

test("asks for the bearer token and takes no other", async () => {
  await using site = await startSite({ authToken: "sesame" });
  for (const authToken of ["Sesame", "sesame2", ""]) {
    const client = createClient({ url: site.server.url, authToken });
    await expect(client.execute("SELECT 1")).rejects.toMatchObject({ code: "SERVER_ERROR" });
  }
  expect((await send(site, [execute("SELECT 1")])).status).toBe(401);
  expect((await site.client.execute("SELECT 1")).rows).toHaveLength(1);
});

test("codes values as the protocol says: integers as text, reals as numbers, blobs as base64", async () => {
  await using site = await startSite();
  const values = [
    { type: "integer", value: "9007199254740993" },
    { type: "integer", value: "-9223372036854775808" },
    { type: "float", value: 5 },
    { type: "float", value: 0.1 },
    { type: "text", value: "é😀'\\" },
    { type: "blob", base64: "AP8" },
    { type: "null" },
  ];
  const reply = await send(site, [execute("SELECT ?, ?, ?, ?, ?, ?, ?, typeof(?3), typeof(?1)", values)]);
  const types = [
    { type: "text", value: "real" },
    { type: "text", value: "integer" },
  ];
  expect(resultOf(reply)).toMatchObject({ rows: [[...values, ...types]], affected_row_count: 0 });
});

test("tells what a change did, with and without RETURNING", async () => {
  await using site = await startSite();
  expect(await site.client.execute("INSERT INTO t VALUES (7, 'a'), (8, 'b')")).toMatchObject({
    rowsAffected: 2,
    lastInsertRowid: 8n,
  });
  const returned = await site.client.execute({
    sql: "UPDATE t SET v = ? WHERE id > ? RETURNING id AS n",
    args: ["c", 0],
  });
  expect(returned).toMatchObject({ rowsAffected: 2, columns: ["n"], columnTypes: ["INTEGER"] });
  expect(returned.rows.map(({ n }) => n)).toEqual([7, 8]);
  expect(new Database(site.path).prepare("SELECT id, v FROM t").raw(true).all()).toEqual([
    [7, "c"],
    [8, "c"],
  ]);
});

test("takes named arguments with or without their prefix, and refuses what does not match", async () => {
  await using site = await startSite();
  const { rows } = await site.client.execute({ sql: "SELECT :a, @b, $c, :a", args: { a: 1, "@b": "two", c: null } });
  expect([0, 1, 2, 3].map((column) => rows[0]?.[column])).toEqual([1, "two", null, 1]);
  const reply = await send(site, [
    execute("SELECT ?", []),
    execute("SELECT 1", [{ type: "null" }]),
    execute("SELECT ?", [{ type: "text", value: "a\u0000b" }]),
    { type: "execute", stmt: { sql: "SELECT ?, :a", named_args: [{ name: "a", value: { type: "null" } }] } },
    execute("SELECT ':a', 1 AS \"?\", 2 AS [:x?], 3 -- ?\n/* ? */"),
  ]);
  const codes = reply.body.results?.map((_, index) => codeOf(reply, index));
  expect(codes).toEqual(["ARGS_INVALID", "ARGS_INVALID", "ARGS_INVALID", "ARGS_INVALID", undefined]);
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
    execute("SELECT count(*) FROM t"),
  ]);
  expect([0, 1, 2, 3, 4, 5, 6].map((index) => codeOf(reply, index))).toEqual([
    "SQLITE_ERROR",
    undefined,
    "SQLITE_CONSTRAINT",
    "SQL_MANY_STATEMENTS",
    "SQL_NO_STATEMENT",
    "BLOCKED",
    undefined,
  ]);
  expect(resultOf(reply, 6)).toMatchObject({ rows: [[{ type: "integer", value: "1" }]] });
});

test("runs the steps of a batch whose conditions hold", async () => {
  await using site = await startSite();
  const step = (sql: string, condition?: unknown) => ({ stmt: { sql }, condition: condition ?? null });
  const steps = [
    step("SELECT 0"),
    step("SELECT nothing FROM nowhere"),
    step("SELECT 2", { type: "ok", step: 0 }),
    step("SELECT 3", { type: "ok", step: 1 }),
    step("SELECT 4", { type: "error", step: 1 }),
    step("SELECT 5", { type: "not", cond: { type: "ok", step: 3 } }),
    step("SELECT 6", { type: "and", conds: [{ type: "ok", step: 0 }, { type: "is_autocommit" }] }),
    step("BEGIN"),
    step("SELECT 8", { type: "is_autocommit" }),
    step("SELECT 9", { type: "or", conds: [{ type: "is_autocommit" }, { type: "ok", step: 7 }] }),
    step("SELECT 10", { type: "or", conds: [] }),
    step("SELECT 11", { type: "and", conds: [] }),
  ];
  const result = resultOf(await send(site, [{ type: "batch", batch: { steps } }, { type: "close" }])) as {
    step_results: unknown[];
    step_errors: unknown[];
  };
  const ran = result.step_results.map((step) => step !== null);
  expect(ran).toEqual([true, false, true, false, true, true, true, true, false, true, false, true]);
  expect(result.step_errors.filter((error) => error !== null)).toHaveLength(1);
});

test("rolls a client's batch back as a whole when one statement fails", async () => {
  await using site = await startSite();
  const batch = site.client.batch(["INSERT INTO t VALUES (1, 1)", "INSERT INTO t VALUES (1, 2)"], "write");
  await expect(batch).rejects.toMatchObject({ code: "SQLITE_CONSTRAINT" });
  expect((await site.client.execute("SELECT * FROM t")).rows).toEqual([]);
  await site.client.batch(["INSERT INTO t VALUES (1, 1)", "INSERT INTO t VALUES (2, 2)"], "write");
  expect((await site.client.execute("SELECT * FROM t")).rows).toHaveLength(2);
  expect(site.server.openStreams).toBe(0);
});

test("keeps a transaction apart until it is committed, and undoes one that is rolled back or closed", async () => {
  await using site = await startSite();
  const count = async () => (await site.client.execute("SELECT count(*) AS n FROM t")).rows[0]?.n;
  const committed = await site.client.transaction("write");
  await committed.execute("INSERT INTO t VALUES (1, 1)");
  expect(await count()).toBe(0);
  await committed.commit();
  expect(await count()).toBe(1);
  for (const end of ["rollback", "close"] as const) {
    const undone = await site.client.transaction("write");
    await undone.execute("INSERT INTO t VALUES (2, 2)");
    await undone[end]();
    await expect.poll(() => site.server.openStreams, { timeout: 20_000 }).toBe(0);
    expect(await count()).toBe(1);
  }
});

test("gives a new baton with each answer, each good for one request", async () => {
  await using site = await startSite();
  const first = await send(site, [execute("BEGIN IMMEDIATE"), execute("INSERT INTO t VALUES (1, 1)")]);
  const second = await send(site, [execute("SELECT count(*) FROM t")], first.body.baton);
  expect(resultOf(second)).toMatchObject({ rows: [[{ type: "integer", value: "1" }]] });
  expect(second.body.baton).not.toBe(first.body.baton);
  expect((await send(site, [execute("COMMIT")], first.body.baton)).status).toBe(400);
  expect((await send(site, [execute("COMMIT")], "forged")).status).toBe(400);
  const last = await send(site, [execute("COMMIT"), { type: "close" }], second.body.baton);
  expect(last.body).toMatchObject({ baton: null, results: [{ type: "ok" }, { type: "ok" }] });
});

test("rolls a transaction back when its baton expires, and says so to whom comes late", async () => {
  await using site = await startSite({ streamTimeoutMs: 10 });
  const { body } = await send(site, [execute("BEGIN IMMEDIATE"), execute("INSERT INTO t VALUES (1, 1)")]);
  await expect.poll(() => site.server.openStreams, { timeout: 20_000 }).toBe(0);
  const late = await send(site, [execute("COMMIT")], body.baton);
  expect(late).toMatchObject({ status: 500, body: { code: "STREAM_EXPIRED" } });
  await site.client.execute("INSERT INTO t VALUES (2, 2)");
  expect((await site.client.execute("SELECT id FROM t")).rows.map(({ id }) => id)).toEqual([2]);
});

test("a write waits for the lock while other requests are answered, then goes on", async () => {
  await using site = await startSite();
  const holder = await site.client.transaction("write");
  await holder.execute("INSERT INTO t VALUES (1, 1)");
  const waiting = site.client.execute("INSERT INTO t VALUES (2, 2)");
  expect((await site.client.execute("SELECT count(*) AS n FROM t")).rows[0]?.n).toBe(0);
  await holder.commit();
  expect(await waiting).toMatchObject({ rowsAffected: 1 });
});

test("a lock that is not given up in time is SQLITE_BUSY, and no later statement is lost", async () => {
  await using site = await startSite({ busyTimeoutMs: 10 });
  const other = new Database(site.path);
  other.exec("BEGIN IMMEDIATE");
  const insert = { sql: "INSERT INTO t VALUES (?, 1)", args: [1] };
  await expect(site.client.execute(insert)).rejects.toMatchObject({ code: "SQLITE_BUSY" });
  await expect(site.client.batch([insert], "write")).rejects.toMatchObject({ code: "SQLITE_BUSY" });
  await expect(site.client.batch([insert], "deferred")).rejects.toMatchObject({ code: "SQLITE_BUSY" });
  other.exec("ROLLBACK");
  await site.client.execute(insert);
  await site.client.batch([{ sql: "INSERT INTO t VALUES (?, 1)", args: [2] }], "deferred");
  expect(other.prepare("SELECT id FROM t").raw(true).all()).toEqual([[1], [2]]);
  other.close();
});

test("runs a sequence up to its first failure", async () => {
  await using site = await startSite();
  await site.client.executeMultiple("INSERT INTO t VALUES (1, 1); INSERT INTO t VALUES (2, 2);");
  const failing = site.client.executeMultiple("INSERT INTO t VALUES (3, 3); SELEC; INSERT INTO t VALUES (4, 4)");
  await expect(failing).rejects.toMatchObject({ code: "SQLITE_ERROR" });
  expect((await site.client.execute("SELECT id FROM t")).rows.map(({ id }) => id)).toEqual([1, 2, 3]);
});

test("stores SQL texts for a stream, describes statements, tells whether a transaction is open", async () => {
  await using site = await startSite();
  const reply = await send(site, [
    { type: "store_sql", sql_id: 1, sql: "UPDATE t SET v = :v WHERE id = ?2 RETURNING id" },
    { type: "describe", sql_id: 1 },
    { type: "describe", sql: "EXPLAIN SELECT 1" },
    { type: "describe", sql: "SELECT id, v, 1 + 1 FROM t" },
    { type: "get_autocommit" },
    execute("BEGIN"),
    { type: "get_autocommit" },
    { type: "close_sql", sql_id: 1 },
    { type: "close" },
  ]);
  expect(resultOf(reply, 1)).toEqual({
    params: [{ name: ":v" }, { name: "?2" }],
    cols: [{ name: "id", decltype: "INTEGER" }],
    is_explain: false,
    is_readonly: false,
  });
  expect(resultOf(reply, 2)).toMatchObject({ is_explain: true, is_readonly: true });
  expect(resultOf(reply, 3)).toMatchObject({ is_readonly: true, params: [], cols: [{ name: "id" }, {}, {}] });
  expect(reply.body.results?.[4]?.response?.is_autocommit).toBe(true);
  expect(reply.body.results?.[6]?.response?.is_autocommit).toBe(false);
  expect((await send(site, [{ type: "execute", stmt: { sql_id: 1 } }])).status).toBe(400);
});

test("answers 400 to what is no pipeline, and serves the next request", async () => {
  await using site = await startSite();
  for (const body of ["", "[]", "{", '{"requests":[{"type":"dance"}]}', '{"requests":[{"type":"execute"}]}']) {
    const answer = await fetch(`${site.server.url}/v2/pipeline`, { method: "POST", body });
    expect(answer.status).toBe(400);
  }
  const huge = [{ type: "integer", value: "9223372036854775808" }];
  expect((await send(site, [execute("SELECT ?", huge)])).status).toBe(400);
  expect((await send(site, [execute("SELECT 1")])).status).toBe(200);
});

test("serves many streams at once: each increment is there", async () => {
  await using site = await startSite();
  await site.client.execute("INSERT INTO t VALUES (1, 0)");
  await Promise.all(Array.from({ length: 100 }, () => site.client.execute("UPDATE t SET v = v + 1 WHERE id = 1")));
  expect((await site.client.execute("SELECT v FROM t")).rows[0]?.v).toBe(100);
});

test("refuses to write in a transaction or a batch that only reads, and writes again once that has ended", async () => {
  await using site = await startSite();
  const INSERT = "INSERT INTO t (v) VALUES ('x')";
  const WITH = "WITH one AS (SELECT 1 AS n) SELECT n FROM one";
  await expect(site.client.batch([WITH, INSERT], "read")).rejects.toMatchObject({ code: "SQLITE_READONLY" });
  const transaction = await site.client.transaction("read");
  await expect(transaction.execute(INSERT)).rejects.toMatchObject({ code: "SQLITE_READONLY" });
  await expect(transaction.executeMultiple(INSERT)).rejects.toMatchObject({ code: "SQLITE_READONLY" });
  expect((await transaction.execute(WITH)).rows).toHaveLength(1);
  await transaction.commit();
  const thenWritten = [execute("BEGIN TRANSACTION READONLY"), execute("COMMIT"), execute(INSERT)];
  expect(codeOf(await send(site, thenWritten), 2)).toBeUndefined();
  expect((await site.client.execute("SELECT count(*) AS n FROM t")).rows[0]?.n).toBe(1);
});
