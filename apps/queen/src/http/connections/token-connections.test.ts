import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { exchange } from "../../../test/raw-request.ts";
import { startTestQueen, type TestQueen } from "../../../test/test-queen.ts";
import { addToken } from "../../../test/tokens.ts";
import { until } from "../../../test/until.ts";
import { DEFAULT_LIMITS } from "../../config/settings.ts";

/** A quarter of them is 10; 2 are kept. */
const LIMITS = { ...DEFAULT_LIMITS, maxConnections: 40 };

async function startListening(limits = LIMITS): Promise<TestQueen & { port: number }> {
  const queen = await startTestQueen({ limits });
  onTestFinished(() => queen[Symbol.asyncDispose]());
  await queen.app.listen({ host: "127.0.0.1", port: 0 });
  return { ...queen, port: (queen.app.server.address() as AddressInfo).port };
}

/** A connection that sends `text`, and is kept open. */
async function open(port: number, text = ""): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1" }).on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  socket.write(text);
  return socket;
}

const head = (authorization: string, more = "", path = "/v1/counts") =>
  `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${authorization}\r\n${more}\r\n`;

/** The status of a request over a new connection that is kept open; 0 when it is closed without an answer. */
async function ask(port: number, authorization: string): Promise<number> {
  const socket = await open(port, head(authorization));
  const text = await Promise.race([once(socket, "data").then(String), once(socket, "close").then(() => "")]);
  return Number(text.split(" ")[1] ?? 0);
}

async function askInTurn(port: number, authorization: string, times: number): Promise<number[]> {
  const statuses: number[] = [];
  for (let n = 0; n < times; n++) statuses.push(await ask(port, authorization));
  return statuses;
}

test("one token has a quarter of the connections; those beyond it are refused and closed, and others are served", async () => {
  const queen = await startListening();
  const [reader, other] = [await addToken(queen.catalog, "reader"), await addToken(queen.catalog, "reader")];
  const statuses = await askInTurn(queen.port, reader.authorization, 14);
  expect(statuses).toEqual([...Array(10).fill(200), 429, 429, 429, 429]);
  const refused = await exchange(queen.port, head(reader.authorization));
  expect(refused).toMatchObject({ status: 429, body: { code: "TOO_MANY_REQUESTS" } });
  expect(refused.body.detail).toContain("connections");
  expect(refused.headers).toContain("connection: close");
  expect(await ask(queen.port, other.authorization)).toBe(200);
});

test("a connection that ends makes room for another of its token", async () => {
  const queen = await startListening();
  const { authorization } = await addToken(queen.catalog, "reader");
  const held = await Promise.all(Array.from({ length: 10 }, () => open(queen.port, head(authorization))));
  await Promise.all(held.map((socket) => once(socket, "data")));
  expect(await ask(queen.port, authorization)).toBe(429);
  held[0]?.destroy();
  await until("there is room again", async () => (await ask(queen.port, authorization)) === 200);
});

test("whatever hives and readers hold, and whoever says nothing, operators and /health are served", async () => {
  const queen = await startListening();
  const operator = await addToken(queen.catalog, "operator");
  const readers = await Promise.all(Array.from({ length: 5 }, () => addToken(queen.catalog, "reader")));
  const served: number[] = [];
  for (const { authorization } of readers) served.push(...(await askInTurn(queen.port, authorization, 10)));
  expect(served.filter((status) => status === 200)).toHaveLength(38);
  for (let n = 0; n < 50; n++) await open(queen.port);
  expect(await ask(queen.port, operator.authorization)).toBe(200);
  expect((await exchange(queen.port, head("", "Connection: close\r\n", "/health/live"))).status).toBe(200);
});
