import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { expect, test } from "vitest";
import { readTls } from "./tls.ts";

const file = (name: string) => fileURLToPath(new URL(`../../../test/tls/${name}`, import.meta.url));

test("a key of another kind than the certificate's, as when only one of them was renewed yet, is refused", async () => {
  await using folder = await temporaryFolder();
  const files = { cert: file("a.cert.pem"), key: join(folder.path, "key.pem") };
  const privateKeyEncoding = { type: "pkcs8", format: "pem" } as const;
  const publicKeyEncoding = { type: "spki", format: "pem" } as const;
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048, privateKeyEncoding, publicKeyEncoding });
  writeFileSync(files.key, privateKey);
  expect(() => readTls(files)).toThrow(`is not the key of the certificate in ${files.cert}`);
  expect(readTls({ ...files, key: file("a.key.pem") }).cert.length).toBeGreaterThan(0);
});
