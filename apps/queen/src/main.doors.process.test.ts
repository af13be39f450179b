import { readFileSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { request } from "node:https";
import type { TLSSocket } from "node:tls";
import { fileURLToPath } from "node:url";
import { HiveCatalog } from "@repo/hive-catalog";
import { expect, test } from "vitest";
import { queenProcesses } from "../test/queen-processes.ts";
import { HIVE_JSON } from "../test/test-queen.ts";
import { addToken } from "../test/tokens.ts";

const queens = queenProcesses();
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

const locked = async (role: "operator" | "reader" | "hive" = "operator") => {
  await using catalog = await HiveCatalog.open(queens.file);
  if (role !== "hive") return addToken(catalog, role);
  await catalog.addHive(HIVE_JSON);
  return addToken(catalog, role, HIVE_JSON.id);
};

test("listens where others can reach it only when somebody but a hive has a token, and says how to make one", async () => {
  await locked("hive");
  const refused = queens.start([], { QUEEN_HOST: "0.0.0.0" });
  expect(await refused.end()).toEqual({ code: 2, signal: null });
  expect(refused.stderr).toMatch(
    /^queen: --host \(QUEEN_HOST\) is 0\.0\.0\.0, [^\n]+ `pnpm queen token create --name NAME --role operator --out FILE`[^\n]+\n$/,
  );
  expect(refused.logLines.map(({ msg }) => msg)).toEqual(["catalog opened"]);
  const { authorization } = await locked("reader");
  const queen = queens.start([], { QUEEN_HOST: "0.0.0.0" });
  const url = `http://127.0.0.1:${await queen.port()}/v1/counts`;
  expect((await fetch(url)).status).toBe(401);
  expect((await fetch(url, { headers: { authorization } })).status).toBe(200);
});

test("takes up, at SIGHUP, new tokens and a new certificate; a bad one is said and changes nothing", async () => {
  const files = { cert: `${queens.folder}/cert.pem`, key: `${queens.folder}/key.pem` };
  const put = (cert: string, key: string) =>
    Promise.all([copyFile(tlsFile(cert), files.cert), copyFile(tlsFile(key), files.key)]);
  await put("a.cert.pem", "a.key.pem");
  const queen = queens.start(["--tls-cert", files.cert, "--tls-key", files.key]);
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
  const queen = queens.start([], { QUEEN_TLS_CERT: tlsFile(cert), QUEEN_TLS_KEY: tlsFile(key) });
  expect(await queen.end()).toEqual({ code: 2, signal: null });
  expect(queen.stderr).toMatch(/^queen: [^\n]+\n$/);
  expect(queen.stderr).toContain(sentence);
});

test("a token is in no line of its log, whatever it was used for", async () => {
  const { token, authorization } = await locked("reader");
  const queen = queens.start(["--log-level", "trace"]);
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
