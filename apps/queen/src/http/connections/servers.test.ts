import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Agent, type IncomingMessage, request } from "node:http";
import { Agent as TlsAgent, request as tlsRequest } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { type TLSSocket, connect as tlsConnect } from "node:tls";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { FakeClock } from "../../../test/fake-clock.ts";
import { startTestQueen, type TestQueen } from "../../../test/test-queen.ts";
import { until } from "../../../test/until.ts";
import { DEFAULT_LIMITS } from "../../config/settings.ts";
import { Servers, TIMEOUTS } from "./servers.ts";

const AN_HOUR_MS = 3_600_000;
const PATIENT = {
  headersMs: AN_HOUR_MS,
  requestMs: AN_HOUR_MS,
  silenceMs: AN_HOUR_MS,
  keepAliveMs: AN_HOUR_MS,
  checkMs: 20,
};

const certificate = (name: "a" | "b") => ({
  cert: readFileSync(new URL(`../../../test/tls/${name}.cert.pem`, import.meta.url)),
  key: readFileSync(new URL(`../../../test/tls/${name}.key.pem`, import.meta.url)),
});

async function startListening(
  options: Parameters<typeof startTestQueen>[0] = {},
): Promise<TestQueen & { port: number }> {
  const queen = await startTestQueen(options);
  onTestFinished(() => queen[Symbol.asyncDispose]());
  await queen.app.listen({ host: "127.0.0.1", port: 0 });
  return { ...queen, port: (queen.app.server.address() as AddressInfo).port };
}

/** A connection that has sent `text`; it goes on with `more`, a bit every few milliseconds. */
async function open(port: number, text = "", { localAddress = "127.0.0.1", more = "" } = {}): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", localAddress }).on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  if (text !== "") socket.write(text);
  if (more !== "") {
    const trickle = setInterval(() => socket.write(more), 20);
    socket.once("close", () => clearInterval(trickle));
  }
  return socket;
}

const isOpen = (socket: Socket): boolean => !socket.destroyed;
const connectionsOf = ({ app }: TestQueen) =>
  new Promise<number>((resolve, reject) => {
    app.server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
  });

function get(port: number, options: { agent?: Agent; localAddress?: string; path?: string } = {}): Promise<number> {
  const { path = "/v1/counts", localAddress = "127.0.0.1", agent = new Agent() } = options;
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port, path, agent, localAddress }, (response) => {
      response.resume().once("end", () => resolve(response.statusCode ?? 0));
    })
      .on("error", reject)
      .end();
  });
}

const SLOW = {
  nothing: { text: "" },
  "half a head": { text: "GET /v1/counts HTTP/1.1\r\nHost: localhost\r\nX: ", more: "x" },
  "half a body": {
    text: "POST /v1/heartbeat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{",
    more: " ",
  },
};

test("500 slow connections keep nobody else from being served", async () => {
  const queen = await startListening({ timeouts: PATIENT });
  const kinds = Object.values(SLOW);
  const slow = await Promise.all(
    Array.from({ length: 500 }, (_, n) => open(queen.port, kinds[n % kinds.length]?.text)),
  );
  for (let n = 0; n < 20; n++) expect(await get(queen.port)).toBe(200);
  expect(slow.filter(isOpen).length).toBe(500);
});

test.each(Object.entries(SLOW))(
  "whoever sends %s is cut off, however long it goes on",
  async (_what, { text, ...more }) => {
    const queen = await startListening({ timeouts: { ...PATIENT, headersMs: 500, requestMs: 1000 } });
    await Promise.all(Array.from({ length: 10 }, () => open(queen.port, text, more)));
    await until("they are cut off", async () => (await connectionsOf(queen)) === 0);
    expect(await get(queen.port)).toBe(200);
  },
);

test("whoever does not read its answers is cut off", async () => {
  const queen = await startListening({ timeouts: { ...PATIENT, silenceMs: 200 } });
  const socket = await open(queen.port, "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(500));
  socket.pause();
  await until("it has begun", async () => (await connectionsOf(queen)) === 1);
  await until("it is cut off", async () => (await connectionsOf(queen)) === 0);
});

test("the timeouts of a queen are short enough for an attack and long enough for a slow link", () => {
  expect(TIMEOUTS).toEqual({
    headersMs: 10_000,
    requestMs: 30_000,
    silenceMs: 60_000,
    keepAliveMs: 72_000,
    checkMs: 1000,
  });
});

test("what a request expects, and is not known, changes nothing", async () => {
  const queen = await startListening();
  const request = "GET /v1/counts HTTP/1.1\r\nHost: localhost\r\nExpect: tea\r\n";
  expect(await text(await open(queen.port, `${request}Connection: close\r\n\r\n`))).toMatch(/^HTTP\/1\.1 200 /);
  const ahead = await open(queen.port, `${request}\r\n`.repeat(100));
  expect(await text(ahead), "as of any, 16 wait").toBe("");
});

test("one address gets so many connections that do nothing, and others are not hampered", async () => {
  const limits = { ...DEFAULT_LIMITS, maxConnectionsPerAddress: 3 };
  const queen = await startListening({ timeouts: PATIENT, limits });
  const idle = await Promise.all([open(queen.port), open(queen.port), open(queen.port)]);
  await until("all are there", async () => (await connectionsOf(queen)) === 3);
  const fourth = await open(queen.port);
  await until("the fourth is refused", () => !isOpen(fourth));
  expect(idle.every(isOpen)).toBe(true);
  expect(await get(queen.port, { localAddress: "127.0.0.2" })).toBe(200);
  expect(queen.logLines.filter(({ msg }) => msg.includes("--max-connections-per-address"))).toMatchObject([
    { level: 40, address: "127.0.0.1" },
  ]);
  for (const socket of idle) socket.destroy();
  await until("they are gone", async () => (await connectionsOf(queen)) === 0);
  expect(await get(queen.port)).toBe(200);
});

test("a connection over which a request was let in does not count any more", async () => {
  const queen = await startListening({ timeouts: PATIENT, limits: { ...DEFAULT_LIMITS, maxConnectionsPerAddress: 2 } });
  const kept = Array.from({ length: 5 }, () => new Agent({ keepAlive: true }));
  onTestFinished(() => kept.forEach((agent) => void agent.destroy()));
  for (const agent of kept) expect(await get(queen.port, { agent })).toBe(200);
  expect(await connectionsOf(queen)).toBe(5);
  const openToAll = Array.from({ length: 3 }, () => new Agent({ keepAlive: true }));
  onTestFinished(() => openToAll.forEach((agent) => void agent.destroy()));
  const [first, second, third] = openToAll.map((agent) => () => get(queen.port, { agent, path: "/health" }));
  expect([await first?.(), await second?.()]).toEqual([200, 200]);
  await expect(third?.()).rejects.toThrow(/socket hang up|ECONNRESET/);
});

test("there are so many connections in all and no more, and the log says so", async () => {
  const queen = await startListening({ timeouts: PATIENT, limits: { ...DEFAULT_LIMITS, maxConnections: 2 } });
  const first = await open(queen.port);
  await open(queen.port, "", { localAddress: "127.0.0.2" });
  await until("both are there", async () => (await connectionsOf(queen)) === 2);
  const third = await open(queen.port, "", { localAddress: "127.0.0.3" });
  await until("the third is refused", () => !isOpen(third));
  expect(queen.logLines.filter(({ msg }) => msg.includes("--max-connections"))).toHaveLength(1);
  first.destroy();
  await until("there is room again", async () => (await connectionsOf(queen)) === 1);
  expect(await get(queen.port)).toBe(200);
});

function getOverTls(
  port: number,
  agent: TlsAgent,
): Promise<{ status: number | undefined; subject: string | undefined }> {
  return new Promise((resolve, reject) => {
    tlsRequest({ host: "127.0.0.1", port, path: "/v1/counts", agent }, (response: IncomingMessage) => {
      const subject = (response.socket as TLSSocket).getPeerCertificate().subject.CN?.toString();
      response.resume().once("end", () => resolve({ status: response.statusCode, subject }));
    })
      .on("error", reject)
      .end();
  });
}

function newTlsAgent(): TlsAgent {
  const agent = new TlsAgent({ keepAlive: true, ca: [certificate("a").cert, certificate("b").cert] });
  onTestFinished(() => agent.destroy());
  return agent;
}

test("serves HTTPS, and a new certificate to the connections that come after it", async () => {
  const queen = await startListening({ tls: certificate("a") });
  const kept = newTlsAgent();
  expect(await getOverTls(queen.port, kept)).toEqual({ status: 200, subject: "queen a for tests" });
  expect(await get(queen.port)).toBe(400);
  queen.servers.setCertificate(certificate("b"));
  expect(await getOverTls(queen.port, newTlsAgent())).toEqual({ status: 200, subject: "queen b for tests" });
  expect(await getOverTls(queen.port, kept)).toEqual({ status: 200, subject: "queen a for tests" });
});

test("a certificate that cannot be used changes nothing", async () => {
  const queen = await startListening({ tls: certificate("a") });
  const mixed = { cert: certificate("a").cert, key: certificate("b").key };
  expect(() => queen.servers.setCertificate(mixed)).toThrow(/key values mismatch/);
  expect(() => queen.servers.setCertificate({ ...mixed, cert: Buffer.from("nonsense") })).toThrow();
  expect(await getOverTls(queen.port, newTlsAgent())).toEqual({ status: 200, subject: "queen a for tests" });
});

test("serves further addresses as the first, leaves out those that it cannot have, and stops on all of them", async () => {
  const queen = await startListening();
  await queen.servers.listenAlso(["127.0.0.2", "192.0.2.1", "127.0.0.3"], queen.port);
  for (const host of ["127.0.0.1", "127.0.0.2", "127.0.0.3"]) {
    expect((await fetch(`http://${host}:${queen.port}/v1/counts`)).status, host).toBe(200);
  }
  await queen.stop();
  await expect(fetch(`http://127.0.0.3:${queen.port}/v1/counts`)).rejects.toThrow();
});

test("counts the connections of TLS as those without", async () => {
  const limits = { ...DEFAULT_LIMITS, maxConnectionsPerAddress: 2 };
  const queen = await startListening({ tls: certificate("a"), timeouts: { ...PATIENT, headersMs: 1000 }, limits });
  for (let n = 0; n < 4; n++) expect((await getOverTls(queen.port, newTlsAgent())).status).toBe(200);
  await Promise.all([open(queen.port), open(queen.port)]);
  await until("all are there", async () => (await connectionsOf(queen)) === 6);
  const seventh = await open(queen.port);
  await until("the next one is refused", () => !isOpen(seventh));
  await until("who does not shake hands is cut off", async () => (await connectionsOf(queen)) === 4);
});

test("a stopping queen finishes a request over TLS and ends the connections that are idle", async () => {
  const queen = await startListening({ tls: certificate("a") });
  const silent = await open(queen.port);
  const kept = newTlsAgent();
  await getOverTls(queen.port, kept);
  const busy = tlsConnect({ host: "127.0.0.1", port: queen.port, ca: certificate("a").cert });
  await once(busy, "secureConnect");
  busy.write(
    "POST /v1/hives HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{",
  );
  await getOverTls(queen.port, kept);
  const stopped = queen.stop();
  await once(silent, "close");
  busy.write('"id":"a"}');
  const [answer] = await once(busy.setEncoding("utf8"), "data");
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  await stopped;
});

test("a connection that is refused does not count as one that comes in, so it holds no beat up", async () => {
  let arrived = 0;
  const servers = new Servers({
    clock: new FakeClock(),
    log: pino({ level: "silent" }),
    limits: { maxConnections: 10, maxConnectionsPerAddress: 1 },
    arrivals: { add: () => void arrived++ },
  });
  const server = servers.create(() => undefined).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await open(port);
  await until("the first is let in", () => arrived === 1);
  await once(await open(port), "close");
  expect(arrived).toBe(1);
});
