import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { makeFolders } from "./folders.ts";

test("a folder is made with those above it, for its owner alone, and one that is there stays as it is", () => {
  const base = mkdtempSync(join(tmpdir(), "settings-"));
  onTestFinished(() => rmSync(base, { recursive: true }));
  mkdirSync(join(base, "shared"), { mode: 0o755 });
  for (let round = 0; round < 2; round++) makeFolders(join(base, "shared", "a", "b"));
  const modes = ["shared", "shared/a", "shared/a/b"].map((name) => statSync(join(base, name)).mode & 0o777);
  expect(modes).toEqual([0o755, 0o700, 0o700]);
});

test("a file in the place of a folder is told", () => {
  const base = mkdtempSync(join(tmpdir(), "settings-"));
  onTestFinished(() => rmSync(base, { recursive: true }));
  const file = join(base, "file");
  writeFileSync(file, "");
  for (const path of [file, join(file, "deep")])
    expect(() => makeFolders(path)).toThrow(`EEXIST: file already exists, mkdir '${file}'`);
});

test.each(["/proc/nosuch/deep", "/dev/null/deep"])(
  "a folder that cannot be, as %s, is told, and not tried for ever",
  (path) => {
    expect(() => makeFolders(path)).toThrow(/^E(?:NOENT|ROFS|EXIST|NOTDIR): /);
  },
);
