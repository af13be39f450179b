import { mkdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openLogFile } from "./log-file.ts";
import { temporaryFolder } from "./testing.ts";

const MIB = 1_048_576;

function neverLost(error: unknown): void {
  throw error;
}

test("a log stays under 2 MiB, keeps its newest lines whole, and is for its owner alone", () => {
  const path = join(temporaryFolder(), "hive.log");
  const log = openLogFile(path, neverLost);
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
  openLogFile(path, neverLost).write("one\n");
  openLogFile(path, neverLost).write("two\n");
  expect(readFileSync(path, "utf8")).toBe("one\ntwo\n");
});

test("a log that somebody removes or renames begins anew under its name", () => {
  const path = join(temporaryFolder(), "hive.log");
  const log = openLogFile(path, neverLost);
  log.write("one\n");
  renameSync(path, `${path}-rotated`);
  log.write("two\n");
  log.write("three\n");
  expect(readFileSync(`${path}-rotated`, "utf8")).toBe("one\n");
  expect(readFileSync(path, "utf8")).toBe("two\nthree\n");
  rmSync(path);
  log.write("four\n");
  expect(readFileSync(path, "utf8")).toBe("four\n");
});

test("a disk without room costs lines and nothing else, and the reason is told once", () => {
  const reasons: unknown[] = [];
  const log = openLogFile("/dev/full", (error) => reasons.push(error));
  for (let line = 0; line < 3; line += 1) log.write("lost\n");
  expect(reasons).toEqual([expect.objectContaining({ code: "ENOSPC" })]);
});

test("a log whose folder comes back goes on, and what is lost later is told again", () => {
  const folder = join(temporaryFolder(), "logs");
  const path = join(folder, "hive.log");
  mkdirSync(folder);
  const reasons: unknown[] = [];
  const log = openLogFile(path, (error) => reasons.push(error));
  for (const losses of [1, 2]) {
    rmSync(folder, { recursive: true });
    log.write("lost\n");
    log.write("lost\n");
    expect(reasons).toHaveLength(losses);
    mkdirSync(folder);
    log.write("kept\n");
    expect(readFileSync(path, "utf8")).toBe("kept\n");
  }
});
