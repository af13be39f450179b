import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readSecretFile, readSettingFile } from "./setting-file.ts";

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "settings-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("reads a file that is as long as it may be, and none that is longer", () => {
  const path = join(temporaryFolder(), "token");
  writeFileSync(path, "hq_1", { mode: 0o600 });
  expect(readSettingFile(path, 4).toString()).toBe("hq_1");
  expect(() => readSettingFile(path, 3)).toThrow("has more than 3 bytes");
});

test("reads nothing that might never end or never answer", () => {
  const folder = temporaryFolder();
  const fifo = join(folder, "fifo");
  execFileSync("mkfifo", [fifo]);
  for (const path of [fifo, folder, "/dev/zero"]) expect(() => readSettingFile(path, 9)).toThrow("is no regular file");
  expect(() => readSettingFile(join(folder, "missing"), 9)).toThrow("ENOENT");
});

test("reads a secret that its owner alone may use, and no other one", () => {
  const path = join(temporaryFolder(), "token");
  writeFileSync(path, "hq_1", { mode: 0o600 });
  expect(readSecretFile(path, 4).toString()).toBe("hq_1");
  for (const mode of [0o640, 0o602, 0o611]) {
    chmodSync(path, mode);
    const others = `others than its owner may use it (mode ${mode.toString(8)})`;
    expect(() => readSecretFile(path, 4)).toThrow(`${others}: chmod 600 it`);
    expect(() => readSecretFile(path, 4, "hide it")).toThrow(`${others}: hide it`);
  }
});
