import { once } from "node:events";
import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { DeviceCapabilities } from "@repo/device-types";
import type { OperationProgress } from "@repo/hive-catalog";
import Fastify from "fastify";
import { expect, onTestFinished, test, vi } from "vitest";
import { beatJson, HIVE_JSON, startTestQueen, type TestQueen, workerJson } from "../../../test/test-queen.ts";
import { addToken } from "../../../test/tokens.ts";
import { until } from "../../../test/until.ts";
import { DEFAULT_LIMITS } from "../../config/settings.ts";
import { wholeTurn } from "../../process/turn.ts";
import { Costs } from "./costs.ts";

const MB = 1_048_576;
const OPERATION = { id: "long", hiveId: HIVE_JSON.id, kind: "install", owner: "queen-1" } as const;
/** The longest that an operation may have: more than the kernel keeps of an answer that nobody reads. */
const LONG_PROGRESS: OperationProgress = {
  steps: Array.from({ length: 100 }, (_, n) => ({
    ...{ name: `step-${n}`, state: "done", startedAtMs: 1, endedAtMs: 2, detail: "\u20ac".repeat(16_384) },
  })),
  outputTail: "",
};
/** The longest that a hive may be. */
const MANY_DEVICES: DeviceCapabilities = {
  cpu: null,
  gpus: Array.from({ length: 1024 }, (_, index) => ({ index, name: "x".repeat(256), vramGb: 1 })),
};

interface Listening extends TestQueen {
  port: number;
  /** The queen's side of each connection. */
  connections: Set<Socket>;
}

async function startListening(options: Parameters<typeof startTestQueen>[0] = {}): Promise<Listening> {
  const queen = await startTestQueen(options);
  onTestFinished(() => queen[Symbol.asyncDispose]());
  const connections = new Set<Socket>();
  queen.app.server.on("connection", (socket: Socket) => {
    connections.add(socket);
    socket.once("close", () => connections.delete(socket));
  });
  await queen.app.listen({ host: "127.0.0.1", port: 0 });
  return { ...queen, connections, port: (queen.app.server.address() as AddressInfo).port };
}

async function addHives({ catalog }: TestQueen): Promise<string[]> {
  const ids = Array.from({ length: 250 }, (_, n) => `hive-${String(n).padStart(4, "0")}`);
  for (const id of ids) await catalog.addHive({ ...HIVE_JSON, id });
  return ids;
}

interface Connection {
  socket: Socket;
  /** The status of the answer, as soon as it is there. */
  status: Promise<number>;
}

/** A connection that sends `text` and reads no more than the beginning of the answer. */
async function send(port: number, text: string): Promise<Connection> {
  const socket = connect({ port, host: "127.0.0.1" }).on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  const status = once(socket, "readable").then(() => {
    const head: Buffer | null = socket.read(12);
    return Number(head?.toString().split(" ")[1]);
  });
  socket.write(text);
  return { socket, status };
}

const get = (port: number, path: string, authorization?: string) =>
  send(
    port,
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${authorization ? `Authorization: ${authorization}\r\n` : ""}\r\n`,
  );

/** A body of `bytes` of which next to nothing is sent. */
const beginBody = (port: number, bytes: number, authorization: string) =>
  send(
    port,
    `PUT /v1/hives/hive-a HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\nContent-Length: ${bytes}\r\n\r\n{`,
  );

test("of a long file that nobody reads, the queen keeps a piece for each connection", async () => {
  const { port, connections } = await startListening();
  const readers = await Promise.all(Array.from({ length: 20 }, () => get(port, "/docs/swagger-ui-bundle.js")));
  expect(await Promise.all(readers.map(({ status }) => status))).toEqual(Array(20).fill(200));
  for (let n = 0; n < 50; n++) await wholeTurn();
  const unsent = [...connections].map(({ writableLength }) => writableLength);
  expect(unsent).toHaveLength(20);
  expect(Math.max(...unsent)).toBeLessThan(64 * 1024);
});

test("answers of one token that nobody reads are held to 4 MB; others are not hampered", async () => {
  const queen = await startListening();
  const [reader, other] = [await addToken(queen.catalog, "reader"), await addToken(queen.catalog, "reader")];
  await queen.catalog.addHive(HIVE_JSON);
  await queen.catalog.operations.begin({ ...OPERATION, deadlineMs: queen.clock.now() + 60_000 });
  await queen.catalog.operations.save(OPERATION.id, LONG_PROGRESS);
  const list = (authorization: string) => get(queen.port, `/v1/operations/${OPERATION.id}`, authorization);
  const first = await list(reader.authorization);
  expect(await first.status).toBe(200);
  expect(await (await list(reader.authorization)).status).toBe(429);
  expect(await (await list(other.authorization)).status).toBe(200);
  first.socket.destroy();
  await until("there is room again", async () => {
    queen.clock.advance(60_000);
    const again = await list(reader.authorization);
    return (await again.status) === 200;
  });
});

test("bodies of one token that are under way are held to 4 MB; beats, and others, are not hampered", async () => {
  const queen = await startListening();
  const [operator, other] = [await addToken(queen.catalog, "operator"), await addToken(queen.catalog, "operator")];
  await queen.catalog.addHive(HIVE_JSON);
  const held = await Promise.all(Array.from({ length: 4 }, () => beginBody(queen.port, MB, operator.authorization)));
  const refused = await Promise.all(Array.from({ length: 4 }, () => beginBody(queen.port, MB, operator.authorization)));
  expect(await Promise.all(refused.map(({ status }) => status))).toEqual([429, 429, 429, 429]);
  queen.clock.advance(60_000);
  const headers = { "content-type": "application/json" };
  const put = (authorization: string, json: object | string) =>
    queen.app.inject({ method: "PUT", url: "/v1/hives/hive-a", headers: { ...headers, authorization }, payload: json });
  expect((await put(operator.authorization, HIVE_JSON)).statusCode).toBe(200);
  expect((await put(other.authorization, { ...HIVE_JSON, devices: null })).statusCode).toBe(200);
  for (const { socket } of held) socket.destroy();
  await until("there is room again", () => queen.connections.size === 4);
  queen.clock.advance(60_000);
  expect((await put(operator.authorization, JSON.stringify(HIVE_JSON).padEnd(MB))).statusCode).toBe(200);
});

test("a long body and a long answer count as many requests of their token as they are long", async () => {
  const queen = await startListening({ limits: { ...DEFAULT_LIMITS, tokenRequestsPerSecond: 10 } });
  const operator = await addToken(queen.catalog, "operator");
  await queen.catalog.addHive({ ...HIVE_JSON, devices: MANY_DEVICES });
  const headers = { "content-type": "application/json", authorization: operator.authorization };
  const ask = async (method: "GET" | "POST", url: string, payload?: string) =>
    (await queen.app.inject({ method, url, headers, ...(payload !== undefined && { payload }) })).statusCode;
  const beat = JSON.stringify(beatJson("hive-a", [workerJson()]));
  expect(await ask("POST", "/v1/heartbeat", beat.padEnd(20 * 8192))).toBe(200);
  expect(await ask("POST", "/v1/heartbeat", beat)).toBe(429);
  queen.clock.advance(2200);
  expect(await ask("GET", "/v1/hives/hive-a")).toBe(200);
  expect(await ask("POST", "/v1/heartbeat", beat)).toBe(429);
  queen.clock.advance(60_000);
  expect(await ask("POST", "/v1/heartbeat", beat)).toBe(200);
});

/** A heartbeat in chunks, of which none has been sent. */
function beginChunked(port: number, authorization: string): ClientRequest {
  const headers = { "content-type": "application/json", authorization };
  return httpRequest({ port, host: "127.0.0.1", agent: false, method: "POST", path: "/v1/heartbeat", headers });
}

/** The status of what answers a heartbeat in chunks. */
async function sendChunked(port: number, authorization: string, text: string): Promise<number | undefined> {
  const request = beginChunked(port, authorization);
  request.write(text);
  request.end();
  const [answer] = (await once(request, "response")) as [IncomingMessage];
  answer.resume();
  return answer.statusCode;
}

test("a body in chunks counts as what arrived of it: a short one as its request alone, and one that is broken off, too", async () => {
  const queen = await startListening({ limits: { ...DEFAULT_LIMITS, tokenRequestsPerSecond: 10 } });
  const { authorization } = await addToken(queen.catalog, "operator");
  await queen.catalog.addHive(HIVE_JSON);
  const text = JSON.stringify(beatJson("hive-a", [workerJson()]));
  const send = (body: string) => sendChunked(queen.port, authorization, body);
  for (let n = 0; n < 10; n++) expect(await send(text)).toBe(200);
  expect(await send(text)).toBe(429);

  queen.clock.advance(60_000);
  expect(await send(text.padEnd(20 * 8192))).toBe(200);
  expect(await send(text)).toBe(429);

  queen.clock.advance(60_000);
  const charged = vi.spyOn(queen.door.rates, "charge");
  const brokenOff = beginChunked(queen.port, authorization).on("error", () => undefined);
  brokenOff.write(text.padEnd(20 * 8192));
  const [connection] = (await once(queen.app.server, "connection")) as [Socket];
  await until("it is there", () => connection.bytesRead > 20 * 8192);
  brokenOff.destroy();
  await until("it is counted", () => charged.mock.calls.some(([, requests]) => requests >= 20));
});

test("a body in chunks takes room for the longest that it may become, until it is whole", async () => {
  const queen = await startListening();
  const { authorization } = await addToken(queen.catalog, "operator");
  await queen.catalog.addHive(HIVE_JSON);
  const text = JSON.stringify(beatJson("hive-a", [workerJson()]));
  const begun = Array.from({ length: 4 }, () => beginChunked(queen.port, authorization));
  for (const request of begun) request.write(text);
  await until("there is room for no other", async () => (await sendChunked(queen.port, authorization, text)) === 429);
  for (const request of begun) {
    request.end();
    const [answer] = (await once(request, "response")) as [IncomingMessage];
    expect(answer.resume().statusCode).toBe(200);
    expect(await sendChunked(queen.port, authorization, text)).toBe(200);
  }
});

/** An app with one costly route, whose answers end when they are told to. */
async function startCostly() {
  const costs = new Costs({ charge: () => undefined });
  const running: (() => void)[] = [];
  const app = Fastify();
  app.decorateRequest("caller", null);
  app.get("/costly/:token", async (request, reply) => {
    const { token } = request.params as { token: string };
    request.caller = { role: "reader", hiveId: null, tokenId: token };
    await costs.admitCostly(request, reply);
    await new Promise<void>((resolve) => running.push(resolve));
    return "done";
  });
  onTestFinished(() => app.close());
  await app.ready();
  return { running, ask: async (token: string) => (await app.inject(`/costly/${token}`)).statusCode };
}

test("four costly requests of a token are under way at a time and 256 wait; more are turned away, and other tokens are served", async () => {
  const { running, ask } = await startCostly();
  const asked = Array.from({ length: 260 }, () => ask("a"));
  await until("four are under way", () => running.length === 4);
  expect(await ask("a")).toBe(429);
  const other = ask("b");
  await until("another's is too", () => running.length === 5);
  let ended = 0;
  const end = async (statuses: Promise<number>[]) => {
    for (const { length } = statuses, last = ended + length; ended < last; ended++) {
      await until("one more is under way", () => running.length > ended);
      running[ended]?.();
    }
    expect(await Promise.all(statuses)).toEqual(statuses.map(() => 200));
  };
  await end([...asked, other]);
  // Those that waited have left their places to others.
  await end(Array.from({ length: 5 }, () => ask("a")));
});

test("of all costly answers one piece is made in a turn of the event loop, the first ones too", async () => {
  const queen = await startListening();
  const tokens = await Promise.all(Array.from({ length: 5 }, () => addToken(queen.catalog, "reader")));
  await queen.door.known.refresh();
  await addHives(queen);
  let turn = 0;
  let isDone = false;
  const counting = (async () => {
    for (; !isDone; turn++) await wholeTurn();
  })();
  const turns: number[] = [];
  const { findHives } = queen.catalog;
  vi.spyOn(queen.catalog, "findHives").mockImplementation((page) => {
    turns.push(turn);
    return findHives.call(queen.catalog, page);
  });
  const ask = async ({ authorization }: { authorization: string }) =>
    (await queen.app.inject({ url: "/v1/hives?limit=200", headers: { authorization } })).statusCode;
  const asked = Array.from({ length: 20 }, (_, n) => ask(tokens[n % 5] ?? { authorization: "" }));
  expect(await Promise.all(asked)).toEqual(Array(20).fill(200));
  isDone = true;
  await counting;
  expect(turns).toHaveLength(40);
  expect(new Set(turns).size).toBe(40);
});

test("a long list is read and written in steps, and is the list that it would be in one", async () => {
  const queen = await startListening();
  const ids = await addHives(queen);
  const turns = vi.spyOn(Costs.prototype, "turn");
  const list = async (query: string) => {
    turns.mockClear();
    const { body } = await queen.request("GET", `/v1/hives?${query}`);
    const { hives, next_after } = body as { hives: { id: string }[]; next_after: string | null };
    return { ids: hives.map(({ id }) => id), next_after, steps: turns.mock.calls.length };
  };
  expect(await list("limit=1000")).toEqual({ ids, next_after: null, steps: 3 });
  expect(await list("limit=250")).toEqual({ ids, next_after: ids.at(-1), steps: 3 });
  expect(await list("limit=249&status=unknown")).toEqual({ ids: ids.slice(0, 249), next_after: ids[248], steps: 3 });
  expect(await list("limit=200&after=hive-0149")).toEqual({ ids: ids.slice(150), next_after: null, steps: 2 });
  expect(await list("limit=100&after=hive-0149")).toEqual({ ids: ids.slice(150), next_after: ids.at(-1), steps: 1 });
});
