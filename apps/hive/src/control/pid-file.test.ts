import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startTimeOf } from "@repo/processes";
import { expect, test } from "vitest";
import { temporaryFolder } from "../testing.ts";
import { readPidFile, removePidFile, writePidFile } from "./pid-file.ts";

test("a process file notes this process, and goes with it", () => {
  const path = join(temporaryFolder(), "hive.pid");
  expect(readPidFile(path)).toBeUndefined();
  writePidFile(path);
  expect(readPidFile(path)).toEqual({ pid: process.pid, startTime: startTimeOf(process.pid) });
  removePidFile(path);
  expect(existsSync(path)).toBe(false);
});

test("a later process that got the same id is another process, and its file is left alone", () => {
  const path = join(temporaryFolder(), "hive.pid");
  writeFileSync(path, `${process.pid} 1\n`);
  expect(readPidFile(path)).toBeUndefined();
  removePidFile(path);
  expect(readFileSync(path, "utf8")).toBe(`${process.pid} 1\n`);
});

test("what is there and notes no process is kept, and said", () => {
  const folder = temporaryFolder();
  const path = join(folder, "notes.txt");
  for (const text of ["dear diary\n", "12 apples\n13 pears\n", `${"1".repeat(300)}\n`]) {
    writeFileSync(path, text);
    expect(() => writePidFile(path)).toThrow(`${path} is there and notes no process`);
    expect(readFileSync(path, "utf8")).toBe(text);
  }
  expect(() => writePidFile(folder)).toThrow("notes no process");
});

test.each(["", "4194304\n", "4194304 123\n"])("what an earlier process left is replaced: %j", (text) => {
  const path = join(temporaryFolder(), "hive.pid");
  writeFileSync(path, text);
  writePidFile(path);
  expect(readPidFile(path)?.pid).toBe(process.pid);
});

test.each(["", "12", "x y\n", "0 0\n"])("what is no process file says nothing: %j", (text) => {
  const path = join(temporaryFolder(), "hive.pid");
  writeFileSync(path, text);
  expect(readPidFile(path)).toBeUndefined();
});
