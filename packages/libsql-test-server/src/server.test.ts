import { createClient } from "@libsql/client/http";
import Database from "libsql";
import { expect, test } from "vitest";
import { codeOf, execute, resultOf, send, startSite } from "../test/site.ts";

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

test("takes named arguments with or without their prefix, and refuses what is missing or too many", async () => {
  await using site = await startSite();
  const { rows } = await site.client.execute({ sql: "SELECT :a, @b, $c, :a", args: { a: 1, "@b": "two", c: null } });
  expect([0, 1, 2, 3].map((column) => rows[0]?.[column])).toEqual([1, "two", null, 1]);
  const reply = await send(site, [
    execute("SELECT ?", []),
    execute("SELECT 1", [{ type: "null" }]),
    execute("SELECT ?", [{ type: "text", value: "a\u0000b" }]),
    execute("SELECT :a", [{ type: "null" }]),
    { type: "execute", stmt: { sql: "SELECT ?, :a", named_args: [{ name: "a", value: { type: "null" } }] } },
    execute("SELECT ':a', 1 AS \"?\", 2 AS [:x?], 3 -- ?\n/* ? */"),
  ]);
  const codes = reply.body.results?.map((_, index) => codeOf(reply, index));
  expect(codes).toEqual([...Array(5).fill("ARGS_INVALID"), undefined]);
});

test("runs the steps of a batch whose conditions hold", async () => {
  await using site = await startSite();
  const step = (sql: string, condition?: unknown) => ({ stmt: { sql }, condition: condition ?? null });
  const steps = [
    step("SELECT 0"),
    step("SELECT missing FROM nowhere"),
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
    step("SELECT 12", { type: "error", step: 3 }),
  ];
  const result = resultOf(await send(site, [{ type: "batch", batch: { steps } }, { type: "close" }], null, 3)) as {
    step_results: unknown[];
    step_errors: unknown[];
  };
  const ran = result.step_results.map((step) => step !== null);
  expect(ran).toEqual([true, false, true, false, true, true, true, true, false, true, false, true, true]);
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
  expect(late).toMatchObject({ status: 400, body: { code: "STREAM_EXPIRED" } });
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

test("stores SQL texts for a stream, describes statements, tells whether a transaction is open", async () => {
  await using site = await startSite();
  const reply = await send(
    site,
    [
      { type: "store_sql", sql_id: 1, sql: "UPDATE t SET v = :v WHERE id = ?2 RETURNING id" },
      { type: "describe", sql_id: 1 },
      { type: "describe", sql: "EXPLAIN SELECT 1" },
      { type: "describe", sql: "SELECT id, v, 1 + 1 FROM t" },
      { type: "get_autocommit" },
      execute("BEGIN"),
      { type: "get_autocommit" },
      { type: "close_sql", sql_id: 1 },
      { type: "close" },
    ],
    null,
    3,
  );
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
  expect((await send(site, [execute("SELECT ?", [{ type: "text", value: "\ud800" }])])).status).toBe(400);
  expect((await send(site, [execute("SELECT 1")])).status).toBe(200);
});

test("serves many streams at once: each increment is there", async () => {
  await using site = await startSite();
  await site.client.execute("INSERT INTO t VALUES (1, 0)");
  await Promise.all(Array.from({ length: 100 }, () => site.client.execute("UPDATE t SET v = v + 1 WHERE id = 1")));
  expect((await site.client.execute("SELECT v FROM t")).rows[0]?.v).toBe(100);
});
