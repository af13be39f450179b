import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../testing.ts";
import { readPidFile, removePidFile, writePidFile } from "./pid-file.ts";
import { startTimeOf } from "./process-identity.ts";

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

test.each(["", "12", "x y\n", "0 0\n"])("what is no process file says nothing: %j", (text) => {
  const path = join(temporaryFolder(), "hive.pid");
  writeFileSync(path, text);
  expect(readPidFile(path)).toBeUndefined();
});

test("a process that has ended but was not collected does not run", async () => {
  // The shell's child ends at once, and the program that took the shell's place never asks for it.
  const parent = spawn("/bin/sh", ["-c", "/bin/true & echo $!; exec sleep 60"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void parent.kill("SIGKILL"));
  const [output] = await once(parent.stdout, "data");
  const zombie = Number(String(output).trim());
  await expect.poll(() => startTimeOf(zombie)).toBeUndefined();
  expect(process.kill(zombie, 0)).toBe(true);
});
