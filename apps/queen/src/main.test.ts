import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { copyFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { request } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { fileURLToPath } from "node:url";
import { createClient } from "@libsql/client";
import { HiveCatalog } from "@repo/hive-catalog";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Daemon, spawnQueen } from "../test/daemon.ts";
import { answer, HEALTHY, HiveServer } from "../test/hive-server.ts";
import { beatJson, HIVE_JSON } from "../test/test-queen.ts";
import { addToken } from "../test/tokens.ts";
import { until } from "../test/until.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
const started: Daemon[] = [];

beforeEach(async () => {
  folder = await temporaryFolder();
});

afterEach(async () => {
  for (const queen of started.splice(0)) {
    await queen.kill("SIGKILL");
  }
  await folder[Symbol.asyncDispose]();
});

function start(args: string[] = [], env: NodeJS.ProcessEnv = {}): Daemon {
  const queen = spawnQueen(args, { QUEEN_DATABASE: `${folder.path}/data/hives.db`, ...env });
  started.push(queen);
  return queen;
}

const tlsFile = (name: string) => fileURLToPath(new URL(`../test/tls/${name}`, import.meta.url));

/** The answer of the queen at `port` of loopback, over a connection of its own, and to whom her certificate belongs. */
function askOverTls(port: number, headers: Record<string, string> = {}) {
  const ca = [readFileSync(tlsFile("a.cert.pem")), readFileSync(tlsFile("b.cert.pem"))];
  return new Promise<{ status: number | undefined; subject: string | undefined }>((resolve, reject) => {
    request({ host: "127.0.0.1", port, path: "/v1/counts", headers, ca, agent: false }, (response) => {
      const subject = (response.socket as TLSSocket).getPeerCertificate().subject.CN?.toString();
      response.resume().once("end", () => resolve({ status: response.statusCode, subject }));
    })
      .on("error", reject)
      .end();
  });
}

const post = (url: string, body: unknown) =>
  fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

test("starts from any folder, says where it listens, and keeps its hives over a SIGKILL", async () => {
  const first = start();
  const added = await post(`${await first.origin()}/v1/hives`, HIVE_JSON);
  const stored = await added.json();
  first.child.kill("SIGKILL");
  expect(await first.end()).toEqual({ code: null, signal: "SIGKILL" });

  const second = start();
  const found = await fetch(`${await second.origin()}/v1/hives/hive-a`);
  expect(await found.json()).toEqual(stored);
});

test("watches its hives: probes, devices, beats, and offline soon after both are gone", async () => {
  const hive = await HiveServer.start(HEALTHY);
  try {
    const queen = start(["--health-interval-ms", "50", "--stale-after-ms", "100"]);
    const origin = await queen.origin();
    await post(`${origin}/v1/hives`, { ...HIVE_JSON, port: hive.port });
    const read = async () =>
      (await (await fetch(`${origin}/v1/hives/hive-a`)).json()) as { status: string; devices: unknown };
    await until("the hive is online with its devices", async () => {
      const { status, devices } = await read();
      return status === "online" && devices !== null;
    });
    expect((await post(`${origin}/v1/heartbeat`, beatJson("hive-a"))).status).toBe(200);
    hive.routes = { "/health": answer(503, "") };
    await until("the hive is offline", async () => (await read()).status === "offline");
    expect(queen.stdout).toMatch(/"was":"online","status":"offline","why":"[^"]+","msg":"hive offline"/);
  } finally {
    await hive.stop();
  }
});

test.each(["SIGTERM", "SIGINT"] as const)("ends with 0 at %s, though a connection is kept alive", async (signal) => {
  const queen = start();
  const origin = await queen.origin();
  await (await fetch(`${origin}/health`)).text();
  queen.child.kill(signal);
  expect(await queen.end()).toEqual({ code: 0, signal: null });
  expect(queen.stdout).toContain("queen stopped");
  const catalog = await HiveCatalog.open(`${folder.path}/data/hives.db`);
  await catalog.close();
});

test("ends with 0 at a SIGTERM that comes with the line that it listens, which is the only such line", async () => {
  const queen = start();
  // Once: a second one would end it at once, with 1.
  const killWhenListening = () => {
    if (!queen.stdout.includes('"msg":"queen listening"')) return;
    queen.child.stdout.off("data", killWhenListening);
    queen.child.kill("SIGTERM");
  };
  queen.child.stdout.on("data", killWhenListening);
  expect(await queen.end()).toEqual({ code: 0, signal: null });
  expect(queen.logLines.map(({ msg }) => msg)).toEqual(["queen listening", "queen stopping", "queen stopped"]);
});

test("is not held up by a connection on which nothing was sent", async () => {
  const queen = start();
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

test("finishes the request that is running when it is asked to stop", async () => {
  let reply: (() => void) | undefined;
  const hive = await HiveServer.start({
    "/v1/devices": (_request, response) => {
      reply = () => response.end('{"cpu":null,"gpus":[]}');
    },
  });
  try {
    const queen = start();
    const origin = await queen.origin();
    await post(`${origin}/v1/hives`, { ...HIVE_JSON, port: hive.port });
    const running = fetch(`${origin}/v1/hives/hive-a/devices`, { method: "POST" });
    const answerDevices = await until("the hive is asked", () => reply);
    queen.child.kill("SIGTERM");
    await until("the queen stops", () => queen.stdout.includes("queen stopping"));
    answerDevices();
    const answered = await running;
    expect({ status: answered.status, body: await answered.json() }).toEqual({
      status: 200,
      body: { cpu: null, gpus: [] },
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
  socket.write("POST /v1/hives HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{");
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
  const queen = start();
  await stopWhileBusy(queen);
  expect(await queen.end()).toEqual({ code: 0, signal: null });
});

test("ends with 1, and says what it waited for, when another process keeps the catalog locked", async () => {
  const queen = start();
  const origin = await queen.origin();
  const other = createClient({ url: `file:${folder.path}/data/hives.db` });
  const lock = await other.transaction("write");
  const body = JSON.stringify(HIVE_JSON);
  const socket = connect(Number(new URL(origin).port), "127.0.0.1").on("error", () => undefined);
  await once(socket, "connect");
  socket.write(
    `POST /v1/hives HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
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
  const queen = start();
  await stopWhileBusy(queen);
  queen.child.kill("SIGINT");
  expect(await queen.end()).toEqual({ code: 1, signal: null });
  expect(queen.stdout).not.toContain("queen stopped");
});

test("ends with 0 at SIGTERM when nobody reads its log any more", async () => {
  const queen = start(["--log-level", "debug"]);
  const origin = await queen.origin();
  queen.child.stdout.destroy();
  await once(queen.child.stdout, "close");
  expect((await post(`${origin}/v1/hives`, HIVE_JSON)).status).toBe(201);
  expect((await post(`${origin}/v1/heartbeat`, beatJson("hive-a"))).status).toBe(200);
  expect(await queen.kill("SIGTERM")).toEqual({ code: 0, signal: null });
});

test("goes on when the disk that holds its log is full, and ends with 0 at SIGTERM", async () => {
  const reserved = createServer().listen(0, "127.0.0.1");
  await once(reserved, "listening");
  const { port } = reserved.address() as AddressInfo;
  reserved.close();
  await once(reserved, "close");
  const full = openSync("/dev/full", "w");
  const bin = fileURLToPath(new URL("../bin/queen.js", import.meta.url));
  const args = [bin, "--port", String(port), "--database", `${folder.path}/hives.db`];
  const queen = spawn(process.execPath, args, { stdio: ["ignore", full, "inherit"], timeout: 60_000 });
  closeSync(full);
  const ended = once(queen, "exit");
  const added = await until("it answers", () =>
    post(`http://127.0.0.1:${port}/v1/hives`, HIVE_JSON).catch(() => false as const),
  );
  expect(added).toMatchObject({ status: 201 });
  queen.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
});

test("ends with 1 and one sentence when its port is taken", async () => {
  const other = createServer();
  other.listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  const queen = start(["--port", String(port)]);
  expect(await queen.end()).toEqual({ code: 1, signal: null });
  expect(queen.stderr).toBe(
    `queen: port ${port} of 127.0.0.1 is taken by another program, perhaps a queen that is still running: stop that one, or choose another port with --port or QUEEN_PORT\n`,
  );
  other.close();
});

test("ends with 1 and one sentence with the code when the catalog cannot be opened", async () => {
  const file = `${folder.path}/notes.txt`;
  await writeFile(file, "These are notes, and no database at all.\n".repeat(100));
  const queen = start(["--database", file]);
  expect(await queen.end()).toEqual({ code: 1, signal: null });
  expect(queen.stderr).toMatch(/^queen: cannot open the catalog: CATALOG_NOT_A_CATALOG: [^\n]*notes\.txt[^\n]*\n$/);
  expect(queen.stdout).toBe("");
});

test("refuses a catalog that lacks migrations when it may not migrate", async () => {
  const queen = start([], { QUEEN_MIGRATE: "false" });
  expect(await queen.end()).toEqual({ code: 1, signal: null });
  expect(queen.stderr).toMatch(/^queen: cannot open the catalog: CATALOG_[A-Z_]+: [^\n]+\n$/);
});

test("ends with 2 and every problem when its settings are wrong, and prints no token", async () => {
  const queen = start(["--port=x", "--colour", "red"], {
    QUEEN_STALE_AFTER_MS: "soon",
    QUEEN_DATABASE_AUTH_TOKEN: "hunter2",
  });
  expect(await queen.end()).toEqual({ code: 2, signal: null });
  expect(queen.stderr.trim().split("\n")).toEqual([
    expect.stringContaining("--colour"),
    expect.stringContaining("--port (QUEEN_PORT)"),
    expect.stringContaining("--stale-after-ms (QUEEN_STALE_AFTER_MS)"),
  ]);
  expect(queen.stderr + queen.stdout).not.toContain("hunter2");
});

test.each([
  [
    "a database location",
    { QUEEN_DATABASE: "mysql://db.example.com/hives" },
    "--database (QUEEN_DATABASE) must be a path or",
  ],
  [
    "a database token",
    { QUEEN_DATABASE: "http://127.0.0.1:1", QUEEN_DATABASE_AUTH_TOKEN: "hunter 2" },
    "QUEEN_DATABASE_AUTH_TOKEN must be visible",
  ],
])("ends with 2 and one sentence when %s cannot be used", async (_what, env, sentence) => {
  const queen = start([], env);
  expect(await queen.end()).toEqual({ code: 2, signal: null });
  expect(queen.stderr).toMatch(/^queen: [^\n]+\n$/);
  expect(queen.stderr).toContain(`queen: ${sentence}`);
  expect(queen.stderr).not.toContain("hunter");
});

const locked = async (role: "operator" | "reader" | "hive" = "operator") => {
  await using catalog = await HiveCatalog.open(`${folder.path}/data/hives.db`);
  if (role !== "hive") return addToken(catalog, role);
  await catalog.addHive(HIVE_JSON);
  return addToken(catalog, role, HIVE_JSON.id);
};

test("listens where others can reach it only when somebody but a hive has a token, and says how to make one", async () => {
  await locked("hive");
  const refused = start([], { QUEEN_HOST: "0.0.0.0" });
  expect(await refused.end()).toEqual({ code: 2, signal: null });
  expect(refused.stderr).toMatch(
    /^queen: --host \(QUEEN_HOST\) is 0\.0\.0\.0, [^\n]+ `pnpm queen token create --name NAME --role operator`[^\n]+\n$/,
  );
  expect(refused.stdout).toBe("");
  const { authorization } = await locked("reader");
  const queen = start([], { QUEEN_HOST: "0.0.0.0" });
  const url = `http://127.0.0.1:${await queen.port()}/v1/counts`;
  expect((await fetch(url)).status).toBe(401);
  expect((await fetch(url, { headers: { authorization } })).status).toBe(200);
});

test("takes up, at SIGHUP, new tokens and a new certificate; a bad one is said and changes nothing", async () => {
  const files = { cert: `${folder.path}/cert.pem`, key: `${folder.path}/key.pem` };
  const put = (cert: string, key: string) =>
    Promise.all([copyFile(tlsFile(cert), files.cert), copyFile(tlsFile(key), files.key)]);
  await put("a.cert.pem", "a.key.pem");
  const queen = start(["--tls-cert", files.cert, "--tls-key", files.key]);
  const port = await queen.port();
  expect(queen.logLines.at(-1)).toMatchObject({ msg: "queen listening", tls: true });
  const seen = () => askOverTls(port);
  expect(await seen()).toEqual({ status: 200, subject: "queen a for tests" });

  const { authorization } = await locked();
  await put("b.cert.pem", "b.key.pem");
  await queen.hangUp();
  expect(await seen()).toEqual({ status: 401, subject: "queen b for tests" });
  expect(await askOverTls(port, { authorization })).toEqual({ status: 200, subject: "queen b for tests" });

  await put("a.cert.pem", "b.key.pem");
  await queen.hangUp();
  expect(queen.logLines.find(({ level }) => level === 50)).toMatchObject({
    msg: "the new certificate cannot be used: the old one stays",
    err: { message: expect.stringContaining("--tls-key (QUEEN_TLS_KEY)") },
  });
  expect(await seen()).toEqual({ status: 401, subject: "queen b for tests" });
  expect(await queen.kill("SIGTERM")).toEqual({ code: 0, signal: null });
});

test.each([
  ["a certificate that is not there", "none.pem", "a.key.pem", "--tls-cert (QUEEN_TLS_CERT) cannot be used"],
  ["a key that is none", "a.cert.pem", "README.md", "--tls-key (QUEEN_TLS_KEY) cannot be used"],
  ["the key of another certificate", "a.cert.pem", "b.key.pem", "--tls-key (QUEEN_TLS_KEY) cannot be used"],
])("ends with 2 and one sentence at %s", async (_what, cert, key, sentence) => {
  const queen = start([], { QUEEN_TLS_CERT: tlsFile(cert), QUEEN_TLS_KEY: tlsFile(key) });
  expect(await queen.end()).toEqual({ code: 2, signal: null });
  expect(queen.stderr).toMatch(/^queen: [^\n]+\n$/);
  expect(queen.stderr).toContain(sentence);
});

test("a token is in no line of its log, whatever it was used for", async () => {
  const { token, authorization } = await locked("reader");
  const queen = start(["--log-level", "trace"]);
  const origin = await queen.origin();
  for (const [method, path] of [
    ["GET", "/v1/hives"],
    ["POST", "/v1/hives"],
    ["GET", `/v1/hives/${token}`],
    ["GET", "/v1/hives?limit=x"],
    ["GET", "/nowhere"],
  ] as const) {
    await (await fetch(origin + path, { method, headers: { authorization } })).text();
    await (await fetch(origin + path, { method, headers: { authorization: `${authorization}x` } })).text();
  }
  expect(await queen.kill("SIGTERM")).toEqual({ code: 0, signal: null });
  expect(queen.stdout + queen.stderr).not.toContain(token.slice(20));
});

test("prints its version", async () => {
  const queen = start(["--version"]);
  expect(await queen.end()).toEqual({ code: 0, signal: null });
  expect(queen.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
