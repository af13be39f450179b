import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { Worker } from "node:worker_threads";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../../../test/until.ts";
import { oneAtATime } from "./one-at-a-time.ts";

const getOf = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
const postOf = (path: string, header: string) => `POST ${path} HTTP/1.1\r\nHost: localhost\r\n${header}\r\n\r\n`;

/** A server that answers nothing, or as it is told, and a connection on which these requests were sent in one go. */
async function ask(requests: string[], answer: (response: ServerResponse) => void = () => undefined) {
  const running = new Map<string, ServerResponse>();
  const server = createServer(
    oneAtATime(({ url = "" }, response) => {
      running.set(url, response);
      answer(response);
    }),
  );
  await once(server.listen(0, "127.0.0.1"), "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1").setEncoding("utf8");
  onTestFinished(() => {
    socket.destroy();
    server.close();
  });
  let read = "";
  socket.on("data", (text: string) => {
    read += text;
  });
  socket.on("error", () => undefined);
  socket.write(requests.join(""));
  return { running, socket, read: () => read };
}

test("of the requests that one connection sends ahead, each begins when the answer before it has gone", async () => {
  const paths = Array.from({ length: 17 }, (_, n) => `/${n}`);
  const { running, read } = await ask(paths.map(getOf));
  for (const path of paths) {
    await until("it has begun", () => running.has(path));
    expect([...running.keys()]).toEqual(paths.slice(0, paths.indexOf(path) + 1));
    running.get(path)?.end(`answer ${path};`);
    await until("it is answered", () => read().includes(`answer ${path};`));
  }
});

test("of the requests that one connection sends ahead, one begins in a turn of the event loop", async () => {
  let turn = 0;
  let next = setImmediate(function count() {
    turn += 1;
    next = setImmediate(count);
  });
  onTestFinished(() => clearImmediate(next));
  const turns: number[] = [];
  const server = createServer(
    oneAtATime((_request, response) => {
      turns.push(turn);
      response.end();
    }),
  );
  onTestFinished(() => void server.close());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1").resume();
  onTestFinished(() => void socket.destroy());
  socket.write(getOf("/").repeat(17));
  await until("all are answered", () => turns.length === 17);
  expect(new Set(turns).size).toBe(17);
});

test("a connection that sends more than 16 requests ahead is closed", async () => {
  const { running, socket } = await ask(Array.from({ length: 500 }, (_, n) => getOf(`/${n}`)));
  await once(socket, "close");
  expect([...running.keys()]).toEqual(["/0"]);
});

/** Sends a request, and the next one as soon as the answer was read. Counts in `sent`, and says at the end how many answers came. */
const PROMPT_CLIENT = `
  const { parentPort, workerData: { port, sent } } = require("node:worker_threads");
  const socket = require("node:tls").connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
  const request = "POST / HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Length: 5\\r\\n\\r\\nhello";
  const count = () => { Atomics.add(sent, 0, 1); Atomics.notify(sent, 0); };
  const send = () => socket.write(request, count);
  let answers = 0;
  socket.setEncoding("utf8").on("secureConnect", send).on("data", (text) => {
    if (text.includes("answer")) ++answers === 2 ? socket.end() : send();
  });
  socket.on("error", () => undefined).on("close", () => parentPort.postMessage(answers));
`;

test("a body that is sent as soon as the answer before it was read is not sent ahead", async () => {
  const pem = (name: string) => readFileSync(new URL(`../../../test/tls/a.${name}.pem`, import.meta.url));
  const sent = new Int32Array(new SharedArrayBuffer(4));
  /** The next request is there before Node hears that the answer has gone. */
  const answerAndStandStill = (response: ServerResponse) => {
    response.end("answer");
    while (Atomics.load(sent, 0) < 2) Atomics.wait(sent, 0, Atomics.load(sent, 0), 1000);
  };
  const server = createTlsServer(
    { key: pem("key"), cert: pem("cert") },
    oneAtATime((request, response) => {
      request.resume().on("end", () => setImmediate(answerAndStandStill, response));
    }),
  );
  onTestFinished(() => void server.close());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const client = new Worker(PROMPT_CLIENT, { eval: true, workerData: { port, sent } });
  expect(await once(client, "message")).toEqual([2]);
});

test.each(["Content-Length: 5", "Transfer-Encoding: chunked"])(
  "a connection that sends a body ahead (%s) is closed",
  async (header) => {
    const { running, socket } = await ask([getOf("/0"), postOf("/1", header)]);
    await once(socket, "close");
    expect([...running.keys()]).toEqual(["/0"]);
  },
);

test("so is one that sends it behind a request that waits, though the answer before that is written", async () => {
  const requests = [getOf("/0"), getOf("/1"), postOf("/2", "Content-Length: 5")];
  const { running, socket } = await ask(requests, (response) => void response.end());
  await until("it is closed, or the body's turn has come", () => socket.destroyed || running.has("/2"));
  expect([...running.keys()]).not.toContain("/2");
});
