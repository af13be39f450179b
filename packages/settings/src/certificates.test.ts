import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, createServer } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { readCertificates } from "./certificates.ts";

const [A, B] = ["a", "b"].map((name) =>
  readFileSync(new URL(`../../../apps/queen/test/tls/${name}.cert.pem`, import.meta.url), "utf8"),
) as [string, string];
const CUT = A.slice(0, 200);
const GARBAGE = "-----BEGIN CERTIFICATE-----\nbm90aGluZw==\n-----END CERTIFICATE-----\n";

function read(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "settings-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "ca.pem");
  writeFileSync(path, text);
  return readCertificates(path);
}

/** Resolves once a client that trusts `ca` alone has taken the certificate for that of a server that it knows. */
async function takesA(ca: string): Promise<void> {
  const key = readFileSync(new URL("../../../apps/queen/test/tls/a.key.pem", import.meta.url));
  const server = createServer({ key, cert: A }, (socket) => socket.end()).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const socket = connect({ port, host: "127.0.0.1", ca, checkServerIdentity: () => undefined });
  onTestFinished(() => void socket.destroy());
  await once(socket, "secureConnect");
}

test.each([
  ["one", A],
  ["two", B + A],
  ["two, in the other order", A + B],
  ["two without a newline between them", B.trimEnd() + A],
  ["two without a newline between them, in the other order", A.trimEnd() + B],
  ["words around it", `# ours\n${A}\nthe end\n`],
  ["another that is commented out", `${B.replaceAll(/^(?=.)/gm, "# ")}${A}`],
  ["words that name one", `# put each -----BEGIN CERTIFICATE----- here\n${A}`],
  ["the name that X.509 had", A.replaceAll("CERTIFICATE", "X509 CERTIFICATE")],
  ["the name that OpenSSL gives one with its trust", A.replaceAll("CERTIFICATE", "TRUSTED CERTIFICATE")],
  ["the lines of Windows", `\uFEFF${A.replaceAll("\n", "\r\n")}`],
])("each certificate of a file with %s is trusted", async (_what, text) => {
  await takesA(read(text));
});

test.each([
  ["garbage before a good one", GARBAGE + A, "certificate 1 of the 2 in it cannot be read"],
  ["garbage behind a good one", A + GARBAGE, "certificate 2 of the 2 in it cannot be read"],
  ["one that is cut short before a good one", `${CUT}\n${A}`, "certificate 1 of the 2 in it cannot be read"],
  ["one that is cut short behind a good one", A + CUT, "certificate 2 of the 2 in it cannot be read"],
  ["a shifted one before a good one", `  ${B}${A}`, "certificate 1 of the 2 in it cannot be read"],
  ["none", "hello\n", "has no certificate in PEM"],
  ["a key alone", A.replaceAll("CERTIFICATE", "PRIVATE KEY"), "has no certificate in PEM"],
])("refuses a file with %s", (_what, text, problem) => {
  expect(() => read(text)).toThrow(problem);
});
