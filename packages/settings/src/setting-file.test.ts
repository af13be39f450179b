import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readSettingFile } from "./setting-file.ts";

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "settings-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("reads a file that is as long as it may be, and none that is longer", () => {
  const path = join(temporaryFolder(), "token");
  writeFileSync(path, "hq_1", { mode: 0o600 });
  const { content, stat } = readSettingFile(path, 4);
  expect([content.toString(), stat.mode & 0o777]).toEqual(["hq_1", 0o600]);
  expect(() => readSettingFile(path, 3)).toThrow("has more than 3 bytes");
});

test("reads nothing that might never end or never answer", () => {
  const folder = temporaryFolder();
  const fifo = join(folder, "fifo");
  execFileSync("mkfifo", [fifo]);
  for (const path of [fifo, folder, "/dev/zero"]) expect(() => readSettingFile(path, 9)).toThrow("is no regular file");
  expect(() => readSettingFile(join(folder, "missing"), 9)).toThrow("ENOENT");
});
