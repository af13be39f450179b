import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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

test.each([
  ["one", A],
  ["two", A + B],
  ["words around it", `# ours\n${A}\nthe end\n`],
  ["the lines of Windows", `\uFEFF${A.replaceAll("\n", "\r\n")}`],
])("reads a file with %s", (_what, text) => {
  expect(read(text)).toBe(text);
});

test.each([
  ["garbage before a good one", GARBAGE + A, "certificate 1 of the 2 in it cannot be read"],
  ["garbage behind a good one", A + GARBAGE, "certificate 2 of the 2 in it cannot be read"],
  ["one that is cut short before a good one", `${CUT}\n${A}`, "certificate 1 of the 2 in it cannot be read"],
  ["one that is cut short behind a good one", A + CUT, "certificate 2 of the 2 in it cannot be read"],
  ["none", "hello\n", "has no certificate in PEM"],
  ["a key alone", A.replaceAll("CERTIFICATE", "PRIVATE KEY"), "has no certificate in PEM"],
])("refuses a file with %s", (_what, text, problem) => {
  expect(() => read(text)).toThrow(problem);
});
