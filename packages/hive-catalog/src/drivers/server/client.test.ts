import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { startTestServer } from "@repo/libsql-test-server";
import { expect, test } from "vitest";
import { refusalOf } from "../../../test/refusal.ts";
import { temporaryFolder } from "../../testing.ts";
import { openRemoteClient } from "./client.ts";
import { RemoteError } from "./request.ts";
import { retryWithin } from "./retry.ts";

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
async function startPlainServer(listener: RequestListener): Promise<Site> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, [Symbol.asyncDispose]: close };
}

const open = { mayHaveHappened: true, isTransient: true };

test("does all that a client does: statements, batches, scripts, transactions", async () => {
  await using server = await startServer();
  const client = openRemoteClient({ url: server.url, requestTimeoutMs: 10_000 });
  await client.executeMultiple("CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1)");
  await client.execute("INSERT INTO t VALUES (?)", [2]);
  await client.batch(["INSERT INTO t VALUES (3)", { sql: "INSERT INTO t VALUES (?)", args: [4] }], "write");
  const transaction = await client.transaction("write");
  await transaction.batch(["INSERT INTO t VALUES (5)"]);
  expect((await transaction.execute("SELECT count(*) AS n FROM t")).rows[0]?.n).toBe(5);
  await transaction.rollback();
  expect(transaction.closed).toBe(true);
  expect((await client.execute("SELECT count(*) AS n FROM t")).rows[0]?.n).toBe(4);
  client.close();
});

test("passes on what the server says of a statement, with SQLite's code", async () => {
  await using server = await startServer();
  const client = openRemoteClient({ url: server.url, requestTimeoutMs: 10_000 });
  await client.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)");
  const insert = () => client.execute("INSERT INTO t VALUES (1)");
  await insert();
  await expect(insert()).rejects.toMatchObject({ code: "SQLITE_CONSTRAINT" });
  const transaction = await client.transaction("write");
  await expect(transaction.execute("INSERT INTO t VALUES (1)")).rejects.toMatchObject({ code: "SQLITE_CONSTRAINT" });
  transaction.close();
});

test("a code that is not SQLite's is told without the server's text, which may hold anything", async () => {
  const results = (code: string) => [
    { type: "error", error: { message: "secret", code } },
    { type: "ok", response: { type: "close" } },
  ];
  let code = "BLOCKED";
  await using server = await startPlainServer((_request, response) => {
    response.end(JSON.stringify({ baton: null, base_url: null, results: results(code) }));
  });
  const client = openRemoteClient({ url: server.url, requestTimeoutMs: 10_000 });
  const blocked = await refusalOf(client.execute("SELECT 1"));
  expect(blocked.code).toBe("CATALOG_UNAVAILABLE");
  expect(blocked.message).toMatch(/refused a statement \(BLOCKED\)$/);
  for (code of ["TRANSACTION_BUSY", "TRANSACTION_TIMEOUT"]) {
    expect((await refusalOf(client.execute("SELECT 1"))).code).toBe("CATALOG_BUSY");
  }
});

test("speaks HTTP to a server that is named by a WebSocket URL", async () => {
  await using server = await startServer();
  const client = openRemoteClient({ url: server.url.replace(/^http/, "ws"), requestTimeoutMs: 10_000 });
  expect((await client.execute("SELECT 1")).rows).toHaveLength(1);
});

test("does not follow a server elsewhere", async () => {
  await using server = await startServer();
  await using detour = await startPlainServer((request, response) => {
    response.writeHead(307, { location: `${server.url}${request.url}` }).end();
  });
  const client = openRemoteClient({ url: detour.url, requestTimeoutMs: 10_000 });
  expect((await refusalOf(client.execute("SELECT 1"))).message).toMatch(/\(HTTP 307\)$/);
});

test("close ends the calls that wait for an answer", async () => {
  let arrived = () => {};
  const arrival = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  await using server = await startPlainServer(() => arrived());
  const client = openRemoteClient({ url: server.url, requestTimeoutMs: 600_000 });
  const refusal = refusalOf(client.execute("SELECT 1"));
  await arrival;
  client.close();
  expect((await refusal).code).toBe("CATALOG_CLOSED");
  expect((await refusalOf(client.execute("SELECT 1"))).code).toBe("CATALOG_CLOSED");
});

test("retryWithin repeats what was left open, and tells each repetition that it is one", async () => {
  const attempts: boolean[] = [];
  const result = await retryWithin(60_000)(async (isRepeat) => {
    attempts.push(isRepeat);
    if (attempts.length < 3) throw new RemoteError("cut", open);
    return "done";
  });
  expect(result).toBe("done");
  expect(attempts).toEqual([false, true, true]);
});

test("retryWithin repeats nothing that surely did not happen, nor what another error ended", async () => {
  for (const error of [new RemoteError("refused", { ...open, mayHaveHappened: false }), new RangeError("mine")]) {
    let attempts = 0;
    const work = retryWithin(60_000)(async () => {
      attempts++;
      throw error;
    });
    await expect(work).rejects.toBe(error);
    expect(attempts).toBe(1);
  }
});

test("retryWithin throws the error that left it open, when the repetitions were refused or never ended", async () => {
  const cut = new RemoteError("cut", open);
  const thenRefused = retryWithin(200)(async (isRepeat) => {
    throw isRepeat ? new RemoteError("refused", { mayHaveHappened: false, isTransient: true }) : cut;
  });
  await expect(thenRefused).rejects.toBe(cut);
  const thenSilent = retryWithin(200)((isRepeat) => (isRepeat ? new Promise(() => {}) : Promise.reject(cut)));
  await expect(thenSilent).rejects.toBe(cut);
});
