import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { createClient } from "@libsql/client";
import { HiveCatalog } from "@repo/hive-catalog";
import { expect, test } from "vitest";
import type { Daemon } from "../test/daemon.ts";
import { HiveServer } from "../test/hive-server.ts";
import { postJson, queenProcesses } from "../test/queen-processes.ts";
import { HIVE_JSON } from "../test/test-queen.ts";
import { until } from "../test/until.ts";

const queens = queenProcesses();

test("ends with 0 at SIGINT, though a connection is kept alive", async () => {
  const queen = queens.start();
  const origin = await queen.origin();
  await (await fetch(`${origin}/health`)).text();
  expect(await queen.kill("SIGINT")).toEqual({ code: 0, signal: null });
  expect(queen.stdout).toContain("queen stopped");
  const catalog = await HiveCatalog.open(queens.file);
  await catalog.close();
});

test("opens no debugger at SIGUSR1, and goes on at SIGUSR2, with which others open their logs anew", async () => {
  const queen = queens.start();
  const origin = await queen.origin();
  for (const signal of ["SIGUSR1", "SIGUSR2"] as const) {
    queen.child.kill(signal);
    expect((await fetch(`${origin}/health/live`)).status).toBe(200);
  }
  expect(await queen.kill("SIGTERM")).toEqual({ code: 0, signal: null });
  expect(queen.stderr).toBe("");
});

test("ends with 0 at a SIGTERM that comes with the line that it listens, which is the only such line", async () => {
  const queen = queens.start();
  // Once: a second one would end it at once, with 1.
  const killWhenListening = () => {
    if (!queen.stdout.includes('"msg":"queen listening"')) return;
    queen.child.stdout.off("data", killWhenListening);
    queen.child.kill("SIGTERM");
  };
  queen.child.stdout.on("data", killWhenListening);
  expect(await queen.end()).toEqual({ code: 0, signal: null });
  const messages = ["new catalog made", "queen listening", "queen stopping", "queen stopped"];
  expect(queen.logLines.map(({ msg }) => msg)).toEqual(messages);
});

test.each(["SIGTERM", "SIGINT"] as const)(
  "ends with 0 at a %s that comes while she waits for her catalog",
  async (signal) => {
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    const queen = queens.start([], { QUEEN_DATABASE: `http://127.0.0.1:${port}` });
    await once(silent, "request");
    queen.child.kill("SIGHUP");
    expect(await queen.kill(signal)).toEqual({ code: 0, signal: null });
    expect(queen.logLines.map(({ msg }) => msg)).toEqual(["queen stopping", "queen stopped"]);
    silent.closeAllConnections();
    silent.close();
  },
);

test("is not held up by a connection on which nothing was sent", async () => {
  const queen = queens.start();
  const origin = await queen.origin();
  const silent = connect(Number(new URL(origin).port), "127.0.0.1");
  const closed = once(silent, "close");
  await once(silent, "connect");
  const unfinished = await sendUnfinishedRequest(queen);
  queen.child.kill("SIGTERM");
  await closed;
  // Not because every connection was cut: one with half a request still gets its answer.
  unfinished.write('"id":"a"}');
  const [answered] = await once(unfinished.setEncoding("utf8"), "data");
  expect(answered).toMatch(/^HTTP\/1\.1 400 .*INVALID_HIVE/s);
  expect(await queen.end()).toEqual({ code: 0, signal: null });
});

test("finishes the request that is running at SIGTERM, and ends with 0, though a connection is kept alive", async () => {
  let reply: (() => void) | undefined;
  const hive = await HiveServer.start({
    "/v1/devices": (_request, response) => {
      reply = () => response.end('{"cpu":null,"gpus":[]}');
    },
  });
  try {
    const queen = queens.start();
    const origin = await queen.origin();
    await postJson(`${origin}/v1/hives`, { ...HIVE_JSON, port: hive.port });
    const running = fetch(`${origin}/v1/hives/hive-a/devices`, { method: "POST" });
    const answerDevices = await until("the hive is asked", () => reply);
    queen.child.kill("SIGTERM");
    await until("the queen stops", () => queen.stdout.includes("queen stopping"));
    answerDevices();
    const answered = await running;
    expect({ status: answered.status, body: await answered.json() }).toEqual({
      status: 200,
      body: { cpu: null, gpus: [], problems: [] },
    });
    expect(await queen.end()).toEqual({ code: 0, signal: null });
  } finally {
    await hive.stop();
  }
});

async function sendUnfinishedRequest(queen: Daemon): Promise<Socket> {
  const origin = await queen.origin();
  const socket = connect(Number(new URL(origin).port), "127.0.0.1").on("error", () => undefined);
  await once(socket, "connect");
  socket.write(
    "POST /v1/hives HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{",
  );
  // A later request that is answered shows that the first one was taken.
  await (await fetch(`${origin}/health`)).text();
  return socket;
}

/** Has a request that never ends under way when the queen is asked to stop. */
async function stopWhileBusy(queen: Daemon): Promise<void> {
  await sendUnfinishedRequest(queen);
  queen.child.kill("SIGTERM");
  await until("the queen stops", () => queen.stdout.includes("queen stopping"));
}

test("ends with 0 although a request never ends", async () => {
  const queen = queens.start();
  await stopWhileBusy(queen);
  expect(await queen.end()).toEqual({ code: 0, signal: null });
});

test("ends with 1, and says what it waited for, when another process keeps the catalog locked", async () => {
  const queen = queens.start();
  const origin = await queen.origin();
  // The queen says in the catalog now and then that she runs.
  const other = createClient({ url: `file:${queens.file}`, timeout: 10_000 });
  const lock = await other.transaction("write");
  const body = JSON.stringify(HIVE_JSON);
  const socket = connect(Number(new URL(origin).port), "127.0.0.1").on("error", () => undefined);
  await once(socket, "connect");
  socket.write(
    `POST /v1/hives HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  // A later request that is answered shows that the first one was taken.
  await (await fetch(`${origin}/health`)).text();
  queen.child.kill("SIGTERM");
  expect(await queen.end()).toEqual({ code: 1, signal: null });
  await lock.rollback();
  other.close();
  expect(queen.logLines.at(-1)).toMatchObject({
    level: 50,
    msg: expect.stringMatching(/^queen did not stop in time: .*calls of the catalog/),
  });
});

test("ends at once at a second signal", async () => {
  const queen = queens.start();
  await stopWhileBusy(queen);
  queen.child.kill("SIGINT");
  expect(await queen.end()).toEqual({ code: 1, signal: null });
  expect(queen.stdout).not.toContain("queen stopped");
});
