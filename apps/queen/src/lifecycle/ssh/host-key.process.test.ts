import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { expect, test } from "vitest";
import { fingerprintOf, knownHostsFile, parseKeys } from "./host-key.ts";

test("a key has the fingerprint that ssh-keygen says, and ssh finds it in the known_hosts file under host and port", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "key");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "comment", "-f", path]);
  const [keyType = "", publicKey = ""] = (await readFile(`${path}.pub`, "utf8")).split(" ");
  const key = { keyType, publicKey };
  expect(execFileSync("ssh-keygen", ["-lf", `${path}.pub`], { encoding: "utf8" }).split(" ")[1]).toBe(
    fingerprintOf(key),
  );
  const file = join(folder.path, "known_hosts");
  for (const [port, name] of [
    [22, "hive.example"],
    [2222, "[hive.example]:2222"],
  ] as const) {
    await writeFile(file, knownHostsFile({ host: "hive.example", port, user: null }, [key]));
    expect(parseKeys(execFileSync("ssh-keygen", ["-F", name, "-f", file], { encoding: "utf8" }))).toEqual([key]);
  }
});

test.each([
  ["a comment behind it", (line: string) => `${line} root@hive`],
  ["tabs", (line: string) => line.replaceAll(" ", "\t")],
])("a key in a known_hosts file with %s is found, hashed too", async (_what, asWritten) => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "known_hosts");
  const key = { keyType: "ssh-ed25519", publicKey: `AAAAC3NzaC1lZDI1NTE5AAAAI${"A".repeat(43)}` };
  await writeFile(file, `${asWritten(`hive.example ${key.keyType} ${key.publicKey}`)}\n`);
  const known = () => parseKeys(execFileSync("ssh-keygen", ["-F", "hive.example", "-f", file], { encoding: "utf8" }));
  expect(known()).toEqual([key]);
  execFileSync("ssh-keygen", ["-H", "-f", file], { stdio: "ignore" });
  expect(known()).toEqual([key]);
});

test("what ssh-keyscan prints beside keys is left out", () => {
  const publicKey = "A".repeat(68);
  const lines = [
    "# 127.0.0.1:22 SSH-2.0-OpenSSH_9.2",
    `127.0.0.1 ssh-ed25519 ${publicKey}`,
    "127.0.0.1 ssh-rsa $(id)",
    "",
    "reset",
  ];
  expect(parseKeys(lines.join("\n"))).toEqual([{ keyType: "ssh-ed25519", publicKey }]);
});
