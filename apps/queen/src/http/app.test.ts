import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addMany } from "../../test/many-hives.ts";
import { startTestQueen, type TestQueen } from "../../test/test-queen.ts";
import { addToken } from "../../test/tokens.ts";
import { until } from "../../test/until.ts";
import { wholeTurn } from "../process/turn.ts";

/** For the tests that change nothing. */
let shared: TestQueen;
beforeAll(async () => {
  shared = await startTestQueen();
});
afterAll(() => shared[Symbol.asyncDispose]());

test("is healthy", async () => {
  await using queen = await startTestQueen();
  queen.clock.advance(1234);
  const started_at_ms = queen.clock.now() - 1234;
  expect(await queen.request("GET", "/health")).toMatchObject({
    status: 200,
    body: { status: "ok", started_at_ms, uptime_ms: 1234 },
  });
});

test.each(["/v1", "/v1/hive", "/v1/hives/a/b", "/v1/hives/a/state/x", "/V1/hives", "/v1/heartbeat/", "//"])(
  "answers 404 at %s, whatever the method and the body",
  async (url) => {
    const queen = shared;
    for (const method of ["GET", "POST", "DELETE"] as const) {
      const found = await queen.send({ method, url, headers: { "content-type": "text/plain" }, payload: "x" });
      const detail = expect.stringMatching(/: \/docs and \/openapi\.json say what there is, and \/ui is the page$/);
      expect(found).toMatchObject({ status: 404, body: { code: "NOT_FOUND", detail, errors: [] } });
      expect(found.headers["content-type"]).toContain("application/problem+json");
    }
  },
);

test.each([
  ["DELETE", "/v1/hives?limit=1", "GET, HEAD, POST"],
  ["POST", "/v1/hives/a", "DELETE, GET, HEAD, PATCH, PUT"],
  ["GET", "/v1/hives/a/devices", "POST, PUT"],
  ["GET", "/v1/heartbeat", "POST"],
  ["PUT", "/v1/workers/best", "GET"],
  ["PATCH", "/health", "GET, HEAD"],
  ["OPTIONS", "/v1/counts", "GET, HEAD"],
] as const)("answers 405 to %s %s, and says what is allowed", async (method, url, allow) => {
  const queen = shared;
  const found = await queen.send({ method, url, headers: { "content-type": "application/json" }, payload: "{" });
  expect(found).toMatchObject({ status: 405, body: { code: "METHOD_NOT_ALLOWED" }, headers: { allow } });
});

test.each(["/v1/hives/%zz", "/v1/hives/%", "/v1/hives/%E0%A4%A"])(
  "answers 400 to the broken escape in %s",
  async (url) => {
    const queen = shared;
    expect(await queen.request("GET", url)).toMatchObject({
      status: 400,
      body: { code: "BAD_REQUEST", request_id: expect.any(String) },
    });
  },
);

test.each([
  ["/v1/hives/%ff", "its escapes are not UTF-8"],
  ["/v1/hives/%f", "a percent sign must begin an escape such as %20"],
])("says what is wrong with the path %s", async (url, why) => {
  const queen = shared;
  expect(await queen.request("GET", url)).toMatchObject({
    status: 400,
    body: { detail: expect.stringContaining(why) },
  });
});

test("gives each request an id of its own", async () => {
  const queen = shared;
  const [a, b] = [await queen.request("GET", "/x"), await queen.request("GET", "/x")];
  expect((a.body as { request_id: string }).request_id).not.toBe((b.body as { request_id: string }).request_id);
});

test("answers 503 with Retry-After while the catalog cannot be had, and leaves the cause to the log", async () => {
  await using queen = await startTestQueen();
  await queen.catalog.close();
  const found = await queen.request("GET", "/v1/hives");
  expect(found).toMatchObject({ status: 503, body: { code: "CATALOG_CLOSED" }, headers: { "retry-after": "1" } });
  const failed = queen.logLines.find(({ msg }) => msg === "request failed");
  expect(failed).toMatchObject({ level: 40, err: { code: "CATALOG_CLOSED" } });
  expect(failed?.err).not.toHaveProperty("stack");
  expect((await queen.request("GET", "/health")).status).toBe(200);
});

test("of a catalog that is away the log tells once in ten seconds, with how many requests have failed since", async () => {
  await using queen = await startTestQueen();
  await queen.catalog.close();
  const told = () => queen.logLines.filter(({ msg, level }) => msg === "request failed" && Number(level) >= 40);
  for (let n = 0; n < 3; n++) await queen.request("GET", "/v1/hives");
  expect(told()).toHaveLength(1);
  queen.clock.advance(10_000);
  for (let n = 0; n < 2; n++) await queen.request("GET", "/v1/hives");
  expect(told()).toMatchObject([{ code: "CATALOG_CLOSED" }, { code: "CATALOG_CLOSED", more: 2 }]);
  expect(told()[0]).not.toHaveProperty("more");
});

test("from where callers are turned away the log tells once a minute, with how many were since", async () => {
  await using queen = await startTestQueen();
  await addToken(queen.catalog, "operator");
  const ask = (authorization: string) => queen.send({ method: "GET", url: "/v1/hives", headers: { authorization } });
  const told = () => queen.logLines.filter(({ msg }) => msg.startsWith("a caller was turned away"));
  for (let n = 0; n < 3; n++) await ask("Bearer hq_0123456789abcdef_wrong");
  const unknown = { level: 30, remote: "127.0.0.1", code: "UNAUTHENTICATED", request_id: expect.any(String) };
  expect(told()).toMatchObject([{ ...unknown, detail: expect.stringContaining("has not the form of a token") }]);
  expect(told()[0]).not.toHaveProperty("more");
  queen.clock.advance(59_999);
  await ask("Bearer hq_0123456789abcdef_wrong");
  expect(told()).toHaveLength(1);
  queen.clock.advance(1);
  await ask("Bearer hq_0123456789abcdef_wrong");
  expect(told().slice(1)).toMatchObject([{ ...unknown, more: 3 }]);
  expect(JSON.stringify(queen.logLines)).not.toContain("_wrong");
});

test("says nothing but the request id of an error that nobody foresaw, and logs its cause", async () => {
  await using queen = await startTestQueen();
  queen.app.get("/boom", async () => {
    throw new TypeError("the secret cause");
  });
  const { status, body } = await queen.request("GET", "/boom");
  const { request_id: id } = body as { request_id: string };
  expect({ status, body }).toMatchObject({
    status: 500,
    body: { code: "INTERNAL", detail: expect.stringContaining(id), errors: [] },
  });
  expect(JSON.stringify(body)).not.toContain("secret");
  const line = queen.logLines.find(({ request_id }) => request_id === id);
  expect(line).toMatchObject({ err: { message: "the secret cause" } });
});

/** Sends raw bytes to a queen that listens, and resolves to all it answers before it closes the connection. */
async function sendRaw(text: string): Promise<string> {
  await using queen = await startTestQueen();
  await queen.app.listen({ host: "127.0.0.1", port: 0 });
  const socket = connect((queen.app.server.address() as AddressInfo).port, "127.0.0.1");
  let answered = "";
  socket.setEncoding("utf8").on("data", (chunk) => {
    answered += chunk;
  });
  socket.write(text);
  await once(socket, "close");
  return answered;
}

test.each([
  ["what is not HTTP", "hello\r\n\r\n", 400, "BAD_REQUEST"],
  [
    "headers without end",
    `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(20_000)}\r\n\r\n`,
    431,
    "HEADERS_TOO_LARGE",
  ],
  [
    "two lengths",
    "POST /v1/hives HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
    400,
    "BAD_REQUEST",
  ],
  [
    "a length that is none",
    "POST /v1/hives HTTP/1.1\r\nHost: localhost\r\nContent-Length: ten\r\n\r\n",
    400,
    "BAD_REQUEST",
  ],
  ["a TLS greeting", "\u0016\u0003\u0001\u0002\r\n\r\n", 400, "BAD_REQUEST"],
])("answers a problem to %s and closes the connection", async (_what, text, status, code) => {
  const [head = "", body = ""] = (await sendRaw(text)).split("\r\n\r\n");
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(head).toContain("application/problem+json");
  expect(JSON.parse(body)).toMatchObject({ status, code, errors: [], request_id: expect.any(String) });
});

test("cuts off a body that is announced as too large, before it arrives", async () => {
  const announced =
    "POST /v1/hives HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2097152\r\n\r\n{";
  expect(await sendRaw(announced)).toMatch(/^HTTP\/1.1 413 .*"code":"PAYLOAD_TOO_LARGE"/s);
});

test.each(["DELETE /v1/workers/claims/x", "DELETE /v1/hives/x", "POST /v1/hives/x/stop"])(
  "a body that %s does not take is refused before it arrives",
  async (line) => {
    const head = `${line} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`;
    const refused = /^HTTP\/1.1 413 .*"code":"PAYLOAD_TOO_LARGE"/s;
    expect(await sendRaw(`${head}Content-Length: 1000000\r\n\r\n{`)).toMatch(refused);
    expect(await sendRaw(`${head}Transfer-Encoding: chunked\r\n\r\n800\r\n${" ".repeat(2048)}`)).toMatch(refused);
    expect(await sendRaw(`${head}Content-Length: 2\r\nConnection: close\r\n\r\n{}`)).toMatch(/^HTTP\/1.1 404 /);
  },
);

test("a body that is broken off is one line at debug and a code of its own, not a fault of the queen", async () => {
  await using queen = await startTestQueen();
  await queen.app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = queen.app.server.address() as AddressInfo;
  for (let n = 0; n < 5; n++) {
    const socket = connect(port, "127.0.0.1");
    socket.write(
      "POST /v1/hives HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
    );
    const [arrived] = await once(queen.app.server, "request");
    await until("its body is being read", () => arrived.readableFlowing === true);
    socket.destroy();
  }
  const counted = async () => (await queen.metrics.problems.get()).values.filter(({ value }) => value > 0);
  await until("all are counted", async () => (await counted())[0]?.value === 5);
  expect(await counted()).toMatchObject([{ labels: { code: "REQUEST_ABORTED" } }]);
  const lines = queen.logLines.filter(({ msg }) => msg !== "queen listening" && !msg.includes("Server listening"));
  expect(lines).toHaveLength(5);
  expect(lines[0]).toEqual({
    level: 20,
    time: expect.anything(),
    pid: expect.anything(),
    hostname: expect.anything(),
    remote: "127.0.0.1",
    request_id: expect.any(String),
    msg: "a caller broke its request off",
  });
});

test("an answer in pieces whose caller has sent too much ahead, and is cut off for it, is no fault of the queen", async () => {
  await using queen = await startTestQueen();
  await addMany(queen, 250);
  await queen.app.listen({ host: "127.0.0.1", port: 0 });
  const answered = once(queen.app.server, "request").then(([, response]) => once(response, "close"));
  const socket = connect((queen.app.server.address() as AddressInfo).port, "127.0.0.1").on("error", () => undefined);
  socket.write("GET /v1/hives?limit=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(500));
  await answered;
  // Long enough for what was being read for it.
  for (let turn = 0; turn < 100; turn++) await wholeTurn();
  const { values } = await queen.metrics.problems.get();
  expect(values.filter(({ value }) => value > 0)).toEqual([]);
  expect(queen.logLines.filter(({ level }) => Number(level) > 30)).toEqual([]);
});
