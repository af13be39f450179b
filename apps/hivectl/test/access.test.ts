import { once } from "node:events";
import { chmod, mkdir, stat, writeFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { HiveCatalog } from "@repo/hive-catalog";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { QueenClient } from "@repo/queen-client";
import { closedPort } from "@repo/test-support/closed-port";
import { mountSmallDisk } from "@repo/test-support/mount";
import { expect, onTestFinished, test, vi } from "vitest";
import { queenProcesses } from "../../queen/test/queen-processes.ts";
import { addToken } from "../../queen/test/tokens.ts";
import { readContexts } from "../src/access/contexts.ts";
import { HivectlProcess, hivectl, processInTerminal } from "./hivectl.ts";
import { silentServer } from "./silent-server.ts";

const queens = queenProcesses();

async function config() {
  const folder = await temporaryFolder();
  onTestFinished(() => folder[Symbol.asyncDispose]());
  return { XDG_CONFIG_HOME: folder.path, file: `${folder.path}/hivectl/config.json`, path: folder.path };
}

/** A queen who asks for tokens, and one of an operator and of a reader. */
async function lockedQueen() {
  const { url, door } = await queens.open();
  const catalog = await HiveCatalog.open(queens.file);
  const operator = (await addToken(catalog, "operator")).token;
  const reader = (await addToken(catalog, "reader")).token;
  await catalog.close();
  await door.known.refresh();
  return { url, operator, reader };
}

test("login stores the token of stdin for its owner alone, and every verb comes in with it", async () => {
  const { url, operator } = await lockedQueen();
  const { XDG_CONFIG_HOME, file } = await config();
  const env = { XDG_CONFIG_HOME };
  expect(await hivectl(["get", "hives"], { ...env, QUEEN_URL: url })).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^hivectl: UNAUTHENTICATED: .*\nhivectl: log in with `hivectl login`, or set /),
  });
  const login = await hivectl(["login", url, "--name", "lab"], env, `${operator}\n`);
  expect(login).toMatchObject({ code: 0, stdout: "", stderr: expect.stringContaining("the context lab is stored") });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await hivectl(["get", "hives"], env)).toMatchObject({ code: 0 });
  const { stdout } = await hivectl(["context", "list", "-o", "json"], env);
  expect(JSON.parse(stdout)).toEqual({ contexts: [{ name: "lab", current: true, url, has_token: true, ca: null }] });
  expect(stdout).not.toContain(operator);
});

test("a home that is no folder, as users of services have, holds no context", async () => {
  const { file, XDG_CONFIG_HOME } = await config();
  for (const env of [{ HOME: "/dev/null" }, { XDG_CONFIG_HOME: "/dev/null" }]) {
    expect(await hivectl(["context", "list", "-o", "name"], env)).toMatchObject({ code: 0, stdout: "" });
  }
  await mkdir(file, { recursive: true });
  expect(await hivectl(["context", "list"], { XDG_CONFIG_HOME })).toMatchObject({ code: 2 });
});

test("a user whose home nobody knows, as one without an entry in /etc/passwd in a container, holds no context", () => {
  vi.stubEnv("HOME", undefined);
  onTestFinished(() => void vi.unstubAllEnvs());
  process.seteuid?.(54_321);
  try {
    expect(readContexts({})).toEqual({ contexts: {} });
  } finally {
    process.seteuid?.(0);
  }
});

test("login does not store what the queen refuses, nor show it", async () => {
  const { url } = await lockedQueen();
  const env = { XDG_CONFIG_HOME: (await config()).XDG_CONFIG_HOME };
  for (const token of ["hq_none", "hq_of two words", ""]) {
    const { code, stderr } = await hivectl(["login", url, "-v"], env, `${token}\n`);
    expect(code).toBe(token === "hq_none" ? 1 : 2);
    if (token === "") expect(stderr).toBe("hivectl: nothing came on stdin, where the token is read\n");
    else expect(stderr).not.toContain(token);
  }
  expect((await hivectl(["context", "list", "-o", "name"], env)).stdout).toBe("");
});

test("login stores no token that nobody asks for yet, and none of a hive", async () => {
  const env = { XDG_CONFIG_HOME: (await config()).XDG_CONFIG_HOME };
  const { url, door } = await queens.open();
  const open = await hivectl(["login", url], env, "hq_0123456789abcdef_x\n");
  expect(open).toMatchObject({ code: 2, stderr: expect.stringContaining("needs no token yet") });
  const catalog = await HiveCatalog.open(queens.file);
  await catalog.addHive({ id: "gpu-01", host: "127.0.0.1", port: 1 });
  await addToken(catalog, "operator");
  const { token } = await addToken(catalog, "hive", "gpu-01");
  await catalog.close();
  await door.known.refresh();
  const ofHive = await hivectl(["login", url], env, `${token}\n`);
  expect(ofHive).toMatchObject({ code: 2, stderr: expect.stringContaining("this token is a hive's") });
  expect((await hivectl(["context", "list", "-o", "name"], env)).stdout).toBe("");
});

test("on a terminal login asks, and what is typed is not seen", async () => {
  const { url, operator } = await lockedQueen();
  const env = { XDG_CONFIG_HOME: (await config()).XDG_CONFIG_HOME };
  const seen = { columns: 200, typedAfter: `Token for ${url}: ` };
  const { code, stdout } = await processInTerminal(["login", url], env, seen, `${operator}x\x7f\r`);
  expect(code).toBe(0);
  expect(stdout).not.toContain(operator);
  expect((await hivectl(["status"], env)).code).toBe(0);
});

test("once a token is typed, Ctrl-C is a signal again, and ends the asking of a queen who says nothing", async () => {
  await using silent = await silentServer();
  const url = `http://127.0.0.1:${silent.port}`;
  const typedAfter = `Token for ${url}: `;
  const interrupt = [`${typedAfter}\r\n`, "\x03"] as const;
  const login = await processInTerminal(["login", url], {}, { columns: 200, typedAfter }, "hq_x\r", interrupt);
  expect(login.code).toBe(130);
});

test("the token and the certificates of a context are for the queen of that context alone", async () => {
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(404).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const elsewhere = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { XDG_CONFIG_HOME, file, path } = await config();
  await mkdir(`${path}/hivectl`);
  const one = { url: "http://127.0.0.1:1", token: "hq_one", ca: "/nowhere" };
  const contexts = { one, two: { url: elsewhere, token: "hq_two" } };
  await writeFile(file, JSON.stringify({ current: "one", contexts }), { mode: 0o600 });
  await hivectl(["status", "--url", elsewhere], { XDG_CONFIG_HOME });
  await hivectl(["status"], { XDG_CONFIG_HOME, QUEEN_URL: elsewhere });
  expect(new Set(seen)).toEqual(new Set([undefined]));
  await hivectl(["status", "--context", "two"], { XDG_CONFIG_HOME });
  expect(seen.at(-1)).toBe("Bearer hq_two");
});

test("contexts are added, used and removed by name", async () => {
  const env = { XDG_CONFIG_HOME: (await config()).XDG_CONFIG_HOME };
  const current = async () => {
    const { contexts } = JSON.parse((await hivectl(["context", "list", "--json"], env)).stdout);
    return contexts.map(({ name, current }: { name: string; current: boolean }) => (current ? `${name} *` : name));
  };
  for (const name of ["lab", "prod"]) {
    expect((await hivectl(["context", "add", name, "http://127.0.0.1:1"], env)).code).toBe(0);
  }
  expect(await current()).toEqual(["lab *", "prod"]);
  const elsewhere = { ...env, QUEEN_URL: "http://127.0.0.1:2" };
  expect((await hivectl(["context", "use", "prod"], elsewhere)).stderr).toBe(
    "hivectl: the context prod counts from now on\nhivectl: QUEEN_URL wins over it while it is set\n",
  );
  expect(await current()).toEqual(["lab", "prod *"]);
  expect((await hivectl(["context", "use", "lab"], env)).stderr).toBe("hivectl: the context lab counts from now on\n");
  expect((await hivectl(["context", "remove", "prod"], env)).stderr).toBe("hivectl: the context prod is forgotten\n");
  expect(await current()).toEqual(["lab *"]);
  for (const args of [
    ["use", "prod"],
    ["remove", "prod"],
    ["add", "lab", "http://h"],
    ["add", "x", "no-url"],
  ]) {
    expect(await hivectl(["context", ...args], env)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^hivectl: .*\n$/),
    });
  }
});

test("where the context that counts is removed, it is said who is asked from then on, and that its token stays valid", async () => {
  const { XDG_CONFIG_HOME, file, path } = await config();
  await mkdir(`${path}/hivectl`);
  const contexts = { lab: { url: "http://127.0.0.1:1" }, prod: { url: "http://127.0.0.1:2", token: "hq_prod" } };
  await writeFile(file, JSON.stringify({ current: "prod", contexts }), { mode: 0o600 });
  const remove = async (name: string) => (await hivectl(["context", "remove", name], { XDG_CONFIG_HOME })).stderr;
  expect(await remove("prod")).toBe(
    "hivectl: the context prod is forgotten; its token stays valid until it is revoked\n" +
      "hivectl: no context counts now: http://127.0.0.1:8500 is asked, until `hivectl context use` says another\n",
  );
  expect(await remove("lab")).toBe("hivectl: the context lab is forgotten\n");
});

test("a file of contexts or of a token that others may read is refused, and so is one that is none", async () => {
  const { XDG_CONFIG_HOME, file, path } = await config();
  await hivectl(["context", "add", "lab", "http://127.0.0.1:1"], { XDG_CONFIG_HOME });
  await chmod(file, 0o644);
  const refused = {
    code: 2,
    stderr: expect.stringMatching(/others than its owner may use it \(mode 644\): chmod 600 it/),
  };
  expect(await hivectl(["status"], { XDG_CONFIG_HOME })).toMatchObject(refused);
  await writeFile(file, "{}", { mode: 0o600 });
  await chmod(file, 0o600);
  expect(await hivectl(["status"], { XDG_CONFIG_HOME })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("is none of hivectl"),
  });
  await writeFile(`${path}/token`, "hq_secret\n", { mode: 0o644 });
  const byFile = await hivectl(["status"], { QUEEN_TOKEN_FILE: `${path}/token` });
  expect(byFile).toMatchObject(refused);
  expect(byFile.stderr).toContain("QUEEN_TOKEN_FILE");
  expect(await hivectl(["status"], { QUEEN_TOKEN_FILE: "/x", QUEEN_TOKEN: "y" })).toMatchObject({ code: 2 });
});

test("on a disk that is full a context is not stored, and those that are there stay", async () => {
  await using folder = await temporaryFolder();
  using disk = mountSmallDisk(`${folder.path}/full`, 64 * 1024);
  const env = { XDG_CONFIG_HOME: disk.path };
  await hivectl(["context", "add", "lab", "http://127.0.0.1:1"], env);
  await writeFile(`${disk.path}/filling`, Buffer.alloc(128 * 1024)).catch(() => undefined);
  expect(await hivectl(["context", "add", "prod", "http://127.0.0.1:2"], env)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^hivectl: \S+\/hivectl\/config\.json cannot be written: ENOSPC/),
  });
  expect((await hivectl(["context", "list", "-o", "name"], env)).stdout).toBe("lab\n");
});

test("where no folder can be made for contexts, that is told", async () => {
  expect(await hivectl(["context", "add", "lab", "http://127.0.0.1:1"], { XDG_CONFIG_HOME: "/proc/nosuch" })).toEqual({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(/^hivectl: \S+\/config\.json cannot be written: ENOENT: [^\n]*'\/proc\/nosuch'\n$/),
  });
});

test("a reader may read, and is told what the token may not do", async () => {
  const { url, reader, operator } = await lockedQueen();
  await new QueenClient({ url, token: operator }).addHive({ id: "a", host: "127.0.0.1", port: 1 });
  const { path } = await config();
  await writeFile(`${path}/token`, `${reader}\n`, { mode: 0o600 });
  expect(await hivectl(["get", "hives", "-o", "name"], { QUEEN_URL: url, QUEEN_TOKEN_FILE: `${path}/token` })).toEqual({
    code: 0,
    stdout: "a\n",
    stderr: "",
  });
  const wrong = await hivectl(["status"], { QUEEN_URL: url, QUEEN_TOKEN: "hq_wrong" });
  expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining("`hivectl login` takes another") });
});

test("where a proxy takes the token out of what is sent, that is said, and not that it is revoked", async () => {
  const { url, reader } = await lockedQueen();
  const proxy = createServer(({ url: path = "", headers: { authorization: _, ...headers } }, answer) => {
    request(new URL(path, url), { headers }, (said) => {
      said.pipe(answer.writeHead(said.statusCode ?? 502, said.headers));
    }).end();
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void proxy.close());
  await once(proxy, "listening");
  const QUEEN_URL = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  expect(await hivectl(["get", "hives"], { QUEEN_URL, QUEEN_TOKEN: reader })).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /^hivectl: UNAUTHENTICATED: .*\nhivectl: the token was sent and did not reach her: .*\n$/,
    ),
  });
});

test("a queen who is away, or no queen, is said with what to look at; -v shows the requests and no token", async () => {
  await using nobody = await closedPort();
  const { code, stderr } = await hivectl(["status", "-v"], { QUEEN_URL: nobody.url, QUEEN_TOKEN: "hq_secret" });
  expect(code).toBe(1);
  expect(stderr).toMatch(/cannot be reached: connect ECONNREFUSED /);
  expect(stderr).toContain(`\nhivectl: is a queen at ${nobody.url}?`);
  expect(stderr).toContain(`hivectl: GET ${nobody.url}/health → connect ECONNREFUSED`);
  expect(stderr).not.toContain("hq_secret");
  expect(await hivectl(["status", "--url", "nowhere"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("--url (QUEEN_URL) must be"),
  });
});

test("Ctrl-C ends it with 130, and what takes too long is given up", async () => {
  const server = createServer(() => undefined).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const QUEEN_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const waiting = new HivectlProcess(["get", "hives"], { QUEEN_URL });
  await once(server, "request");
  waiting.child.kill("SIGINT");
  expect(await waiting.end()).toEqual({ code: 130, stdout: "", stderr: "" });
  expect(await hivectl(["get", "hives", "--timeout", "50ms"], { QUEEN_URL })).toMatchObject({
    code: 1,
    stderr: "hivectl: GET /v1/fleet was not answered within 50 ms\nhivectl: --timeout gives it longer\n",
  });
});
