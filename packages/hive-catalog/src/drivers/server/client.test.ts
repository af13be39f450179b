import { readFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { SecureContextOptions } from "node:tls";
import { startTestServer } from "@repo/libsql-test-server";
import { expect, test } from "vitest";
import { FaultyProxy } from "../../../test/network/faulty-proxy.ts";
import { refusalOf } from "../../../test/refusal.ts";
import { temporaryFolder } from "../../testing.ts";
import { plain } from "../client.ts";
import { ServerClient } from "./client.ts";

type Site = AsyncDisposable & { url: string };

async function startServer(): Promise<Site> {
  const folder = await temporaryFolder();
  const server = await startTestServer({ path: join(folder.path, "t.db") });
  const close = async () => {
    await server.close();
    await folder[Symbol.asyncDispose]();
  };
  return { url: server.url, [Symbol.asyncDispose]: close };
}

/** A server that answers as it is told. */
const startPlainServer = (listener: RequestListener): Promise<Site> => listening(createServer(listener), "http");
/** One that nobody trusts, and nobody asks. */
const startSecureServer = (tls: SecureContextOptions): Promise<Site> => listening(createSecureServer(tls), "https");

async function listening(server: Server, scheme: string): Promise<Site> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`, [Symbol.asyncDispose]: close };
}

const connect = (url: string, requestTimeoutMs = 10_000): ServerClient =>
  new ServerClient({ url, name: url, requestTimeoutMs });

test("does all that a client does: statements, first rows, batches", async () => {
  await using server = await startServer();
  const client = connect(server.url);
  await client.execute(plain("CREATE TABLE t (id INTEGER PRIMARY KEY, v)"));
  expect((await client.execute({ sql: "INSERT INTO t VALUES (?, ?)", args: [1, "a"] })).rowsAffected).toBe(1);
  const inserts = [{ sql: "INSERT INTO t VALUES (?, ?)", args: [2, 0.5] }, plain("INSERT INTO t VALUES (3, NULL)")];
  const batch = await client.batch([...inserts, plain("DELETE FROM t WHERE id > 1")]);
  expect(batch.map(({ rowsAffected }) => rowsAffected)).toEqual([1, 1, 2]);
  expect((await client.execute(plain("UPDATE t SET v = x'00ff' RETURNING id, v"))).rows).toEqual([
    [1, new Uint8Array([0, 255]).buffer],
  ]);
  expect(await client.first(plain("SELECT id, v IS NULL FROM t"))).toEqual([1, 0]);
  expect(await client.first(plain("SELECT id FROM t WHERE id = 7"))).toBeUndefined();
  client.close();
});

test("a batch is atomic: when one statement fails, none is done", async () => {
  await using server = await startServer();
  const client = connect(server.url);
  await client.execute(plain("CREATE TABLE t (id INTEGER PRIMARY KEY)"));
  const batch = client.batch([plain("INSERT INTO t VALUES (2)"), plain("INSERT INTO t VALUES (2)")]);
  await expect(batch).rejects.toMatchObject({ code: "SQLITE_CONSTRAINT" });
  expect((await client.execute(plain("SELECT id FROM t"))).rows).toEqual([]);
});

test("passes on what the server says of a statement, with SQLite's code", async () => {
  await using server = await startServer();
  const client = connect(server.url);
  await client.execute(plain("CREATE TABLE t (id INTEGER PRIMARY KEY)"));
  const insert = () => client.execute(plain("INSERT INTO t VALUES (1)"));
  await insert();
  await expect(insert()).rejects.toMatchObject({ code: "SQLITE_CONSTRAINT" });
  await expect(
    client.batch([plain("INSERT INTO t VALUES (2)"), plain("INSERT INTO t VALUES (1)")]),
  ).rejects.toMatchObject({
    code: "SQLITE_CONSTRAINT",
    statementIndex: 1,
  });
});

const refusedAs = (code: string) =>
  JSON.stringify({
    baton: null,
    base_url: null,
    results: [
      { type: "error", error: { message: "secret", code } },
      { type: "ok", response: { type: "close" } },
    ],
  });

test("a code that is not SQLite's is told without the server's text, which may hold anything", async () => {
  await using server = await startPlainServer((_request, response) => {
    response.end(refusedAs("BLOCKED"));
  });
  const blocked = await refusalOf(connect(server.url).execute(plain("SELECT 1")));
  expect(blocked.code).toBe("CATALOG_UNAVAILABLE");
  expect(blocked.message).toMatch(/refused a statement \(BLOCKED\)$/);
});

test.concurrent.each(["TRANSACTION_BUSY", "TRANSACTION_TIMEOUT"])(
  "%s is asked again as long as an answer is in time: the lock is what is told then",
  async (code) => {
    let asked = 0;
    await using server = await startPlainServer((_request, response) => {
      asked++;
      // The second answer takes a third of the time: another one after it may come too late.
      setTimeout(() => response.end(refusedAs(code)), asked === 1 ? 0 : 1_000);
    });
    const refusal = await refusalOf(connect(server.url, 3_000).execute(plain("SELECT 1")));
    expect(refusal.code).toBe("CATALOG_BUSY");
    expect(asked).toBe(2);
  },
);

test("speaks HTTP to a server that is named by a WebSocket URL", async () => {
  await using server = await startServer();
  const client = connect(server.url.replace(/^http/, "ws"));
  expect((await client.execute(plain("SELECT 1"))).rows).toHaveLength(1);
});

test("does not follow a server elsewhere", async () => {
  await using server = await startServer();
  await using detour = await startPlainServer((request, response) => {
    response.writeHead(307, { location: `${server.url}${request.url}` }).end();
  });
  const client = connect(detour.url);
  expect((await refusalOf(client.execute(plain("SELECT 1")))).message).toMatch(/\(HTTP 307\)$/);
});

test("a server at a port that fetch never asks cannot be reached: that is said at once, and nothing has happened", async () => {
  const client = connect("http://127.0.0.1:6000", 60_000);
  const refusal = await refusalOf(client.execute(plain("UPDATE t SET v = 1")));
  expect(refusal).toMatchObject({ code: "CATALOG_UNAVAILABLE", message: expect.stringMatching(/fetch .* port/) });
});

test("a server whose certificate is not trusted, or that speaks no TLS, was asked for nothing", async () => {
  const ofTests = (name: string) =>
    readFileSync(new URL(`../../../../../apps/queen/test/tls/${name}`, import.meta.url));
  const tls = { key: ofTests("a.key.pem"), cert: ofTests("a.cert.pem") };
  await using untrusted = await startSecureServer(tls);
  const refusal = await refusalOf(connect(untrusted.url, 60_000).execute(plain("UPDATE t SET v = 1")));
  expect(refusal.code).toBe("CATALOG_UNAVAILABLE");
  expect(refusal.message).toMatch(/^the certificate of the server .* is not accepted \(DEPTH_ZERO_SELF_SIGNED_CERT\)$/);
  await using unsecured = await startServer();
  const client = connect(unsecured.url.replace("http:", "https:"), 60_000);
  const other = await refusalOf(client.execute(plain("UPDATE t SET v = 1")));
  expect(other.code).toBe("CATALOG_UNAVAILABLE");
  expect(other.message).toMatch(/^the server .* speaks no TLS there \(ERR_SSL_WRONG_VERSION_NUMBER\)/);
});

test("close ends the calls that wait for an answer", async () => {
  let arrived = () => {};
  const arrival = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  await using server = await startPlainServer(() => arrived());
  const client = connect(server.url, 600_000);
  const refusal = refusalOf(client.execute(plain("SELECT 1")));
  await arrival;
  client.close();
  expect((await refusal).code).toBe("CATALOG_CLOSED");
  expect((await refusalOf(client.execute(plain("SELECT 1")))).code).toBe("CATALOG_CLOSED");
});

const UPDATE = plain("UPDATE t SET v = v + 1");

/** A client of a server with one row, before which a proxy stands. */
async function startCounter() {
  const server = await startServer();
  const direct = connect(server.url);
  await direct.batch([plain("CREATE TABLE t (v)"), plain("INSERT INTO t VALUES (0)")]);
  const proxy = await FaultyProxy.start(server.url);
  return {
    proxy,
    client: connect(proxy.url),
    value: async () => (await direct.first(plain("SELECT v FROM t")))?.[0],
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

test("a repeatable change is sent again until it has an answer, which says so; a change that met no fault says that, too", async () => {
  await using site = await startCounter();
  let faults = 3;
  site.proxy.plan = () => (faults-- > 0 ? { kind: "cut", when: "before" } : undefined);
  expect(await site.client.execute(UPDATE, { isRepeatable: true })).toMatchObject({ rowsAffected: 1, isRepeat: true });
  expect(await site.value()).toBe(1);
  expect(await site.client.execute(UPDATE, { isRepeatable: true })).toMatchObject({ rowsAffected: 1, isRepeat: false });
  faults = 1;
  const [result] = await site.client.batch([UPDATE], { isRepeatable: true });
  expect(result).toMatchObject({ rowsAffected: 1, isRepeat: true });
});

test("a change that surely was not made is sent again, whatever it is, and is no repetition", async () => {
  await using site = await startCounter();
  site.proxy.failOnce(/./, { kind: "status", status: 429, when: "before" });
  expect(await site.client.execute(UPDATE)).toMatchObject({ rowsAffected: 1, isRepeat: false });
  expect(await site.value()).toBe(1);
});

test.each(["before", "after"] as const)(
  "a change that may not be repeated is sent once: cut %s it was made, its outcome is unknown",
  async (when) => {
    await using site = await startCounter();
    for (const change of [() => site.client.execute(UPDATE), () => site.client.batch([UPDATE])]) {
      const before = Number(await site.value());
      site.proxy.failOnce(/./, { kind: "cut", when });
      const refusal = await refusalOf(change());
      expect(refusal.code).toBe("CATALOG_OUTCOME_UNKNOWN");
      expect(refusal.message).toMatch(/was cut.*; whether the change was made is not known: read it, then decide$/);
      expect(await site.value()).toBe(before + (when === "after" ? 1 : 0));
    }
  },
);

test("a repeatable change whose repetitions are refused tells of the attempt that left it open", async () => {
  await using site = await startCounter();
  let isFirst = true;
  site.proxy.plan = () => {
    const fault = isFirst
      ? ({ kind: "cut", when: "after" } as const)
      : ({ kind: "status", status: 401, when: "before" } as const);
    isFirst = false;
    return fault;
  };
  const refusal = await refusalOf(site.client.execute(UPDATE, { isRepeatable: true }));
  expect(refusal.code).toBe("CATALOG_UNAVAILABLE");
  expect(refusal.message).toMatch(/was cut .*; whether the change was made is not known$/);
});

test("a signal ends a request that waits for its answer, with its own reason", async () => {
  let arrived = () => {};
  const arrival = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  await using server = await startPlainServer(() => arrived());
  const controller = new AbortController();
  const request = connect(server.url, 600_000).execute(plain("SELECT 1"), { signal: controller.signal });
  await arrival;
  const reason = new Error("nobody waits any more");
  controller.abort(reason);
  await expect(request).rejects.toBe(reason);
});

test("more requests than are sent at one time all have their answers", async () => {
  await using site = await startCounter();
  await Promise.all(Array.from({ length: 50 }, () => site.client.execute(UPDATE)));
  expect(await site.value()).toBe(50);
});
