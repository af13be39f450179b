import { closedPort } from "@repo/test-support/closed-port";
import { expect, test, vi } from "vitest";
import { QueenClient } from "./client.ts";
import type { Connection } from "./events.ts";
import { type QueenClientOptions, Requests } from "./requests.ts";
import { all, json, startClient, startServer, TOKEN } from "./testing.ts";

const problem = (status: number, code: string, headers: Record<string, string> = {}) =>
  json(
    { type: "about:blank", title: "T", status, detail: `It is ${code}`, code, errors: [], request_id: "r-1" },
    status,
    {
      "content-type": "application/problem+json; charset=utf-8",
      ...headers,
    },
  );

test("a call is sent with its path, query, body and token, below the path of the queen", async () => {
  await using server = await startServer(json({ hives: [], next_after: null, damaged: [] }));
  for (const url of [`${server.origin}/queens/one`, new URL(`${server.origin}/queens/one/`)]) {
    const client = new QueenClient({ url, token: TOKEN, sessionKey: "key" });
    await client.listHives({ selector: "rack in (r1,r2)", limit: 5 });
    await client.addHive({ id: "a", host: "h", port: 1 });
  }
  const said = server.requests.map(({ method, url, headers }) => [
    method,
    url,
    headers.authorization,
    headers["x-queen-key"],
  ]);
  const list = ["GET", "/queens/one/v1/hives?selector=rack+in+%28r1%2Cr2%29&limit=5", `Bearer ${TOKEN}`, "key"];
  const add = ["POST", "/queens/one/v1/hives", `Bearer ${TOKEN}`, "key"];
  expect(said).toEqual([list, add, list, add]);
  expect(server.requests[1]?.headers["content-type"]).toBe("application/json");
});

test("a call may take longer than a timer can", async () => {
  const answer = json({ id: "a" });
  await using server = await startClient(async (request, response) => {
    for (let turns = 0; turns < 100; turns += 1) await new Promise(setImmediate);
    answer(request, response);
  });
  expect(await server.client.getHive("a", { timeoutMs: 2 ** 40 })).toEqual({ id: "a" });
});

test("a list in a query is named item by item", async () => {
  await using server = await startClient((_, response) => void response.writeHead(404).end());
  const events = server.client.readEvents({ hive: ["a,b", "c"], kind: ["status"] });
  await expect(events.next()).rejects.toMatchObject({ status: 404 });
  expect(server.requests[0]?.url).toBe("/v1/events?hive=a%2Cb&hive=c&kind=status");
});

test("what is false, nothing or empty in a query is said", async () => {
  await using server = await startClient(json({ hives: [] }));
  await server.client.listFleet({ cordoned: false, min_free_vram_gb: 0, selector: "" });
  expect(server.requests[0]?.url).toBe("/v1/fleet?cordoned=false&min_free_vram_gb=0&selector=");
});

test("an id cannot lead elsewhere", async () => {
  await using server = await startClient(json({}));
  await server.client.getHive("../tokens?x=#/%2e%2e");
  expect(server.requests[0]?.url).toBe("/v1/hives/..%2Ftokens%3Fx%3D%23%2F%252e%252e");
  for (const id of ["", ".", ".."]) await expect(server.client.removeHive(id)).rejects.toThrow("id must be more than");
  expect(server.requests.length).toBe(1);
});

test("what a queen refuses is a QueenProblem with all that she said", async () => {
  await using server = await startClient(problem(429, "TOO_MANY_REQUESTS", { "retry-after": "7" }));
  await expect(server.client.getHive("a")).rejects.toMatchObject({
    name: "QueenProblem",
    message: "TOO_MANY_REQUESTS: It is TOO_MANY_REQUESTS",
    status: 429,
    code: "TOO_MANY_REQUESTS",
    detail: "It is TOO_MANY_REQUESTS",
    errors: [],
    requestId: "r-1",
    retryAfterMs: 7000,
    problem: { title: "T" },
  });
});

test("a list is read page by page, each when it is asked for", async () => {
  await using server = await startClient((request, response) => {
    const after = new URL(request.url ?? "", "http://queen").searchParams.get("after");
    const next = { none: "a", a: "b", b: null }[after ?? "none"] ?? null;
    json({ hives: [], next_after: next, damaged: [] })(request, response);
  });
  const pages = server.client.hivePages({ status: "online" });
  await pages.next();
  expect(server.requests.length).toBe(1);
  expect((await all(pages)).length).toBe(2);
  expect(server.requests.map(({ url }) => url)).toEqual([
    "/v1/hives?status=online",
    "/v1/hives?status=online&after=a",
    "/v1/hives?status=online&after=b",
  ]);
});

test("a list whose answer says nothing of a next page, as that of an older queen, has one page", async () => {
  await using server = await startClient((request, response) => {
    // Whoever asks again would do so for ever.
    if (server.requests.length > 1) return void response.writeHead(500).end();
    return json({ models: [{ model_id: "llama3" }] })(request, response);
  });
  expect(await all(server.client.modelPages())).toEqual([{ models: [{ model_id: "llama3" }] }]);
});

test("what is to be done to many hives is asked for again while the queen does too much else, and at last says so", async () => {
  let refused = 0;
  const onWait = vi.fn();
  await using server = await startClient(
    (request, response) => {
      refused += 1;
      const headers = { "content-type": "application/x-ndjson" };
      if (refused < 6) problem(429, "TOO_MANY_REQUESTS", { "retry-after": "0" })(request, response);
      else if (refused === 6) response.writeHead(200, headers).end('{"type":"end"}\n');
      else problem(429, "TOO_MANY_REQUESTS", { "retry-after": "3600" })(request, response);
    },
    { onWait },
  );
  const act = () => all(server.client.actOnHives({ action: "detect", ids: ["a"] }));
  expect(await act()).toEqual([{ type: "end" }]);
  expect(server.requests).toHaveLength(6);
  expect(onWait).toHaveBeenCalledTimes(1);
  await expect(act()).rejects.toMatchObject({ code: "TOO_MANY_REQUESTS" });
  expect(server.requests).toHaveLength(7);
  expect(onWait).toHaveBeenCalledTimes(1);
});

test("events are not asked for again in silence: whoever waits for them is told that they are refused", async () => {
  await using server = await startClient(problem(429, "TOO_MANY_REQUESTS", { "retry-after": "0" }));
  const stop = new AbortController();
  const told: Connection[] = [];
  const onConnection = (connection: Connection) => {
    told.push(connection);
    stop.abort();
  };
  expect(await all(server.client.readEvents({ signal: stop.signal, onConnection }))).toEqual([]);
  expect(told).toMatchObject([{ isOpen: false, why: { code: "TOO_MANY_REQUESTS" } }]);
  expect(server.requests).toHaveLength(1);
});

test("the signal of a call ends it also in the midst of its lines, with its reason", async () => {
  await using server = await startClient((_, response) => {
    response.writeHead(200, { "content-type": "application/x-ndjson" }).write('{"type":"hive"}\n');
  });
  const stop = new AbortController();
  const lines = server.client.actOnHives({ action: "detect", ids: ["a"] }, {}, { signal: stop.signal });
  expect(await lines.next()).toMatchObject({ value: { type: "hive" } });
  const next = lines.next();
  stop.abort(new Error("enough"));
  await expect(next).rejects.toThrow("enough");
});

test("how long silence lasts, and the wait behind it, is for the reader of events to say", async () => {
  await using server = await startClient((_, response) =>
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders(),
  );
  const stop = new AbortController();
  const told: Connection[] = [];
  const onConnection = (connection: Connection) => {
    told.push(connection);
    if (!connection.isOpen) stop.abort();
  };
  const how = { signal: stop.signal, onConnection, silenceMs: 1, maxRetryMs: 1 };
  expect(await all(server.client.readEvents(how))).toEqual([]);
  expect(told).toMatchObject([{ isOpen: true }, { isOpen: false, why: { reason: "timed_out" }, retryMs: 1 }]);
});

test("what only reads is asked again when the queen says when, and a change never is", async () => {
  await using server = await startClient(problem(503, "CATALOG_BUSY", { "retry-after": "0" }));
  await expect(server.client.countHives()).rejects.toMatchObject({ code: "CATALOG_BUSY" });
  expect(server.requests.length).toBe(4);
  await expect(server.client.installHive("a")).rejects.toMatchObject({ code: "CATALOG_BUSY" });
  expect(server.requests.length).toBe(5);
});

test("whether she is ready is asked once", async () => {
  await using server = await startClient(problem(503, "NOT_READY", { "retry-after": "0" }));
  await expect(server.client.isReady()).rejects.toMatchObject({ code: "NOT_READY" });
  expect(server.requests.length).toBe(1);
});

test("it is not asked again where she does not say when, or not within the time of the call", async () => {
  await using server = await startClient((request, response) => {
    const headers: Record<string, string> = request.url === "/health" ? {} : { "retry-after": "3600" };
    problem(503, "STOPPING", headers)(request, response);
  });
  await expect(server.client.getHealth()).rejects.toMatchObject({ code: "STOPPING", retryAfterMs: undefined });
  await expect(server.client.countHives()).rejects.toMatchObject({ retryAfterMs: 3_600_000 });
  expect(server.requests.length).toBe(2);
});

test("a call that takes too long is given up, and one that is no longer wanted rejects with the reason", async () => {
  await using server = await startClient(() => undefined, { timeoutMs: 20 });
  await expect(server.client.countHives()).rejects.toMatchObject({
    name: "QueenNoAnswer",
    reason: "timed_out",
    message: "GET /v1/counts was not answered within 20 ms",
  });
  await expect(server.client.stopHive("a", { timeoutMs: 30 })).rejects.toThrow("within 30 ms");
  const reason = new Error("no longer wanted");
  await expect(server.client.countHives({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

test("a url or a token that cannot be used is refused, without being quoted", () => {
  const message = (options: QueenClientOptions) => {
    try {
      return new QueenClient(options) && "taken";
    } catch (error) {
      return String(error);
    }
  };
  for (const url of [
    "",
    "queen:8500",
    "ftp://queen",
    "http://u:hq_secret@queen",
    "http://queen/?t=hq_secret",
    "http://q/#hq_secret",
  ]) {
    expect(message({ url })).toMatch(/^TypeError: url must be that of (a queen, with https?:|the queen alone)/);
    expect(message({ url })).not.toContain("secret");
  }
  expect(message({ url: "http://queen", token: "hq_secret\n" })).toMatch(/^TypeError: token must be/);
  expect(message({ url: "http://queen", token: "hq_secret\n" })).not.toContain("secret");
});

test("no error shows the token", async () => {
  await using server = await startClient(problem(401, "UNAUTHENTICATED"));
  const refused = await server.client.countHives().catch((error) => error);
  await using nobody = await closedPort();
  const away = await new QueenClient({ url: nobody.url, token: TOKEN }).countHives().catch((error) => error);
  for (const error of [refused, away]) expect(`${error.stack}${JSON.stringify(error)}`).not.toContain(TOKEN);
});

test("of actions and additions whose answer falls silent, or ends too early, the caller learns", async () => {
  await using server = await startServer((request, response) => {
    response.writeHead(200, { "content-type": "application/x-ndjson" });
    response.write('{"type":"hive"}\n');
    if (request.url === "/v1/hives") response.end();
  });
  const requests = new Requests({ url: server.origin }, { silenceMs: 20 });
  await expect(all(requests.lines("post", "/v1/hives/actions", {}))).rejects.toMatchObject({ reason: "timed_out" });
  const additions = new QueenClient({ url: server.origin }).addHives([]);
  await expect(all(additions)).rejects.toMatchObject({ message: expect.stringContaining("cut off") });
});

test("what the document forbids does not compile", () => {
  const refused = (client: QueenClient) => {
    // @ts-expect-error: a hive needs a host and a port
    void client.addHive({ id: "a" });
    // @ts-expect-error: no status has this name
    void client.listHives({ status: ["lost"] });
    // @ts-expect-error: nor alone
    void client.listHives({ status: "lost" });
    // @ts-expect-error: there is no such field
    void client.changeHive("a", { colour: "red" });
  };
  expect(refused).toBeTypeOf("function");
});

test("a queen, or a proxy, that wants to be left alone for longer than timers know is left alone for as long as they know", async () => {
  await using server = await startClient(problem(503, "STOPPING", { "retry-after": "9999999" }));
  const asked = await server.client.countHives().catch((error) => error.retryAfterMs);
  expect(asked).toBe(2 ** 31 - 1);
});
