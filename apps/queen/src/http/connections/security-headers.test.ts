import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { startTestQueen } from "../../../test/test-queen.ts";

async function startListening(): Promise<number> {
  const queen = await startTestQueen();
  onTestFinished(() => queen[Symbol.asyncDispose]());
  await queen.app.listen({ host: "127.0.0.1", port: 0 });
  return (queen.app.server.address() as AddressInfo).port;
}

/** The status and the headers of the answer to these bytes. Some answers never end. */
async function headOf(port: number, request: string): Promise<{ status: number; headers: Headers }> {
  const socket = connect(port, "127.0.0.1").setEncoding("utf8");
  onTestFinished(() => void socket.destroy());
  socket.write(request);
  let text = "";
  while (!text.includes("\r\n\r\n")) text += (await once(socket, "data"))[0];
  const [head = ""] = text.split("\r\n\r\n");
  const [statusLine = "", ...lines] = head.split("\r\n");
  const headers = lines.map((line): [string, string] => [line.split(":", 1)[0] ?? "", line.replace(/^[^:]*: /, "")]);
  return { status: Number(statusLine.split(" ")[1]), headers: new Headers(headers) };
}

const get = (path: string, more = ""): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`;
const FOR_NOBODY = "default-src 'none'; frame-ancestors 'none'";

test.each([
  ["an answer", 200, get("/v1/counts")],
  ["an answer to HEAD", 200, get("/health").replace("GET", "HEAD")],
  ["a stream of events", 200, get("/v1/events")],
  ["a file of the page", 200, get("/docs/start.js")],
  ["an answer to a page of another site", 403, get("/v1/counts", "Origin: https://evil.example\r\n")],
  ["an answer about a path that is none", 404, get("/nowhere")],
  ["an answer about a path that cannot be decoded", 400, get("/%zz")],
  ["an answer about another method", 405, get("/v1/counts").replace("GET", "PUT")],
  ["an answer to a request without a host", 400, "GET / HTTP/1.1\r\n\r\n"],
  ["an answer to what is no HTTP", 400, "hello there\r\n\r\n"],
  ["an answer about headers that are too large", 431, get("/", `X: ${"x".repeat(20_000)}\r\n`)],
])("%s can be framed, loaded, and guessed at by no page, and kept by no cache (%i)", async (_what, status, request) => {
  const found = await headOf(await startListening(), request);
  expect(found.status).toBe(status);
  expect(found.headers.get("content-security-policy")).toBe(FOR_NOBODY);
  expect(found.headers.get("x-content-type-options")).toBe("nosniff");
  expect(found.headers.get("referrer-policy")).toBe("no-referrer");
  expect(found.headers.get("cross-origin-resource-policy")).toBe("same-origin");
  expect(found.headers.get("cache-control")).toBe("no-store");
});

test("the page of the API runs its own files and nothing else, and is in no frame", async () => {
  const { status, headers } = await headOf(await startListening(), get("/docs"));
  const policy = headers.get("content-security-policy") ?? "";
  expect(status).toBe(200);
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self';");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain("unsafe");
  expect(headers.get("x-content-type-options")).toBe("nosniff");
});

test("the page itself says how long it may be kept", async () => {
  const { headers } = await headOf(await startListening(), get("/ui"));
  expect(headers.get("cache-control")).toBe("no-cache");
});
