import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openLogFile } from "./log-file.ts";
import { temporaryFolder } from "./testing.ts";

const MIB = 1_048_576;

test("a log stays under 2 MiB, keeps its newest lines whole, and is for its owner alone", () => {
  const path = join(temporaryFolder(), "hive.log");
  const log = openLogFile(path);
  for (let number = 0; number < 50; number += 1) log.write(`${String(number).padStart(99_999, ".")}\n`);
  const [now, before] = [path, `${path}.1`].map((file) => readFileSync(file, "utf8"));
  expect(now?.length).toBeLessThanOrEqual(MIB);
  expect(before?.length).toBeLessThanOrEqual(MIB);
  const lines = `${before}${now}`
    .trim()
    .split("\n")
    .map((line) => Number(line.replaceAll(".", "")));
  expect(lines).toEqual(Array.from(lines, (_, position) => 50 - lines.length + position));
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("a log that is opened again goes on where it was", () => {
  const path = join(temporaryFolder(), "hive.log");
  openLogFile(path).write("one\n");
  openLogFile(path).write("two\n");
  expect(readFileSync(path, "utf8")).toBe("one\ntwo\n");
});

test("a disk without room costs lines and nothing else", () => {
  const log = openLogFile("/dev/full");
  for (let line = 0; line < 3; line += 1) log.write("lost\n");
});
