import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createSocket } from "node:net";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { HiveCatalog } from "@repo/hive-catalog";
import { expect, onTestFinished, test } from "vitest";
import { Daemon } from "../../queen/test/daemon.ts";
import { queenProcesses } from "../../queen/test/queen-processes.ts";
import { addToken } from "../../queen/test/tokens.ts";
import { hivectl, hivectlProcess } from "./hivectl.ts";

const queens = queenProcesses();
const pathOf = (name: string) => fileURLToPath(new URL(`../../queen/test/tls/${name}`, import.meta.url));
const tlsOf = (name: string) => ({ QUEEN_TLS_CERT: pathOf(`${name}.cert.pem`), QUEEN_TLS_KEY: pathOf("a.key.pem") });

test("a certificate of one's own is trusted when QUEEN_CA names it, and refused with what to do when it does not", async () => {
  const { url: QUEEN_URL } = await queens.open(tlsOf("a"));
  expect(await hivectl(["get", "hives"], { QUEEN_URL })).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /cannot be reached: .*\nhivectl: QUEEN_CA, or --ca of `hivectl login`, names the file with the certificate of its authority\n$/,
    ),
  });
  expect(await hivectl(["get", "hives"], { QUEEN_URL, QUEEN_CA: pathOf("a.cert.pem") })).toMatchObject({ code: 0 });
  expect(await hivectl(["get", "hives"], { QUEEN_URL, QUEEN_CA: "/no/file" })).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^hivectl: QUEEN_CA \/no\/file: /),
  });
});

test.each([
  [
    "has expired",
    "127.0.0.1",
    "expired",
    "renew it where the queen runs, and send her SIGHUP, unless the clock here is wrong",
  ],
  [
    "is not for the name in the URL",
    "127.0.0.2",
    "a",
    "call the queen by a name or an address that stands in it: --url, QUEEN_URL",
  ],
])(
  "of a certificate that %s it is said what to do, and not that QUEEN_CA is missing",
  async (_what, host, name, next) => {
    const { url: QUEEN_URL } = await queens.open({ QUEEN_HOST: host, ...tlsOf(name) });
    const { code, stderr } = await hivectl(["get", "hives"], { QUEEN_URL, QUEEN_CA: pathOf(`${name}.cert.pem`) });
    expect(code).toBe(1);
    expect(stderr.split("\n").slice(1)).toEqual([`hivectl: ${next}`, ""]);
  },
);

test("of a certificate that comes without those between it and its authority it is said where they are missing", async () => {
  const tls = ["--tls-cert", pathOf("chained.cert.pem"), "--tls-key", pathOf("a.key.pem")];
  const QUEEN_URL = (await queens.start(tls).origin()).replace("http:", "https:");
  const { code, stderr } = await hivectl(["get", "hives"], { QUEEN_URL, QUEEN_CA: pathOf("chained-root.cert.pem") });
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /QUEEN_CA, .* names .*\nhivectl: where it does, .* QUEEN_TLS_CERT lacks the certificates between/,
  );
});

test("a file in QUEEN_CA with a certificate that cannot be read is refused, whatever stands before or behind it", async () => {
  const path = `${queens.folder}/ca.pem`;
  const whole = readFileSync(pathOf("a.cert.pem"), "utf8");
  writeFileSync(path, whole + whole.slice(0, 200));
  expect(await hivectl(["get", "hives"], { QUEEN_URL: "https://127.0.0.1:1", QUEEN_CA: path })).toMatchObject({
    code: 2,
    stderr: `hivectl: QUEEN_CA ${path}: certificate 2 of the 2 in it cannot be read\n`,
  });
});

test("login stores the certificates with which it succeeded, from wherever they came", async () => {
  const { url, door } = await queens.open(tlsOf("a"));
  const catalog = await HiveCatalog.open(queens.file);
  const { token } = await addToken(catalog, "operator");
  await catalog.close();
  await door.known.refresh();
  const env = { XDG_CONFIG_HOME: `${queens.folder}/config` };
  const QUEEN_CA = relative("", pathOf("a.cert.pem"));
  expect(await hivectl(["login", url, "--name", "lab"], { ...env, QUEEN_CA }, `${token}\n`)).toMatchObject({ code: 0 });
  expect(await hivectl(["get", "hives"], env)).toMatchObject({ code: 0 });
  expect(await hivectl(["login", url, "--name", "other"], env, `${token}\n`)).toMatchObject({ code: 0 });
  const { contexts } = JSON.parse((await hivectl(["context", "list", "-o", "json"], env)).stdout);
  expect(contexts).toMatchObject([
    { name: "lab", ca: pathOf("a.cert.pem") },
    { name: "other", ca: pathOf("a.cert.pem"), current: true },
  ]);
});

test("https to a queen who speaks plain HTTP is said in words, with what to do", async () => {
  const QUEEN_URL = (await queens.open()).url.replace("http:", "https:");
  // Of a change, too, no more: nothing was sent.
  for (const args of [["status"], ["set", "a", "--host", "b"]]) {
    expect(await hivectl(args, { QUEEN_URL })).toEqual({
      code: 1,
      stdout: "",
      stderr: `hivectl: ${QUEEN_URL} cannot be reached: what answers there speaks no TLS, or none that is spoken here\nhivectl: where it speaks plain HTTP, its URL begins with http://\n`,
    });
  }
});

test("plain HTTP to a queen who speaks HTTPS is said in her words, also as one logs in", async () => {
  const QUEEN_URL = (await queens.open(tlsOf("a"))).url.replace("https:", "http:");
  for (const args of [["status"], ["get", "hives"], ["cordon", "a", "-y", "--reason", "x"], ["login"]]) {
    const { code, stderr } = await hivectl(args, { QUEEN_URL }, "hq_token\n");
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining("HTTP 400: This port speaks HTTPS: the URL begins with https://\n"),
    });
  }
});

test("where a proxy leads whoever leaves out the s is said, without what stands behind a question mark", async () => {
  const proxy = createServer(({ url }, response) => {
    response.writeHead(301, { location: `https://ops.example${url}?state=secret` }).end("<html>");
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void proxy.close());
  await once(proxy, "listening");
  const QUEEN_URL = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/hives`;
  expect(await hivectl(["remove", "a", "-y"], { QUEEN_URL })).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      / but HTTP 301: it leads to https:\/\/ops\.example\/hives\/v1\/[^?]+\nhivectl: is a queen at /,
    ),
  });
});

test("who answers with a status that HTTP does not have is said to be no queen", async () => {
  const other = createSocket((socket) => void socket.write("HTTP/1.1 999 no\r\ncontent-length: 9\r\n\r\n"));
  onTestFinished(() => void other.close());
  await once(other.listen(0, "127.0.0.1"), "listening");
  const QUEEN_URL = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
  expect(await hivectlProcess(["get", "hives"], { QUEEN_URL })).toEqual({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(/^hivectl: .* the status 999, which HTTP does not have\nhivectl: is a queen at /),
  });
});

test("an agent of a hive is said to be no queen", async () => {
  await using hive = new Daemon("hive", [], { HIVE_ID: "gpu-01", HIVE_PORT: "0" });
  const stderr =
    "hivectl: NOT_FOUND: There is no /v1/fleet here: this is the agent of the hive gpu-01.\nhivectl: who answers is no queen, ";
  expect(await hivectl(["get", "hives"], { QUEEN_URL: await hive.origin() })).toEqual({
    code: 1,
    stdout: "",
    stderr: expect.stringContaining(stderr),
  });
});
