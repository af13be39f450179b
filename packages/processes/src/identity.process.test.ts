import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test, vi } from "vitest";
import { isRunning, startTimeByPs, startTimeOf } from "./identity.ts";

/** Ends with the test. */
function untilTestEnds<Child extends ChildProcess>(child: Child): Child {
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "processes-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("a process that runs is told from a later one that got the same id", () => {
  const startTime = startTimeOf(process.pid);
  expect(startTime).toMatch(/\S/);
  expect(isRunning({ pid: process.pid, startTime: startTime ?? "" })).toBe(true);
  expect(isRunning({ pid: process.pid, startTime: "1" })).toBe(false);
});

test("a process that has ended does not run", async () => {
  const child = spawn("/bin/true");
  await once(child, "close");
  expect(startTimeOf(child.pid ?? 0)).toBeUndefined();
});

test("where ps tells when it started, callers of another language and time zone are told the same", () => {
  const folder = aFolder();
  writeFileSync(join(folder, "ps"), `#!/bin/sh\necho "$LC_ALL $TZ"\n`, { mode: 0o755 });
  vi.stubEnv("PATH", `${folder}:${process.env.PATH}`);
  onTestFinished(() => void vi.unstubAllEnvs());
  const toldTo = (language: string, zone: string) => {
    vi.stubEnv("LC_ALL", language);
    vi.stubEnv("TZ", zone);
    return startTimeByPs(process.pid);
  };
  const told = [toldTo("de_DE.UTF-8", "Europe/Berlin"), toldTo("ja_JP.UTF-8", "Asia/Tokyo")];
  expect(told).toEqual(["C-UTC", "C-UTC"]);
});

test("a process may have any name", async () => {
  const folder = aFolder();
  symlinkSync("/bin/sleep", join(folder, "a) Z (b"));
  const child = untilTestEnds(spawn(join(folder, "a) Z (b"), ["60"]));
  await once(child, "spawn");
  expect(startTimeOf(child.pid ?? 0)).toMatch(/^\d+$/);
});

test("a process that has ended but was not collected does not run", async () => {
  // A shell collects its children now and then; the program that takes its place never does.
  const script = "exec 3<&0; read -r _ <&3 & echo $!; exec sleep 60";
  const parent = untilTestEnds(spawn("/bin/sh", ["-c", script], { stdio: ["pipe", "pipe", "inherit"] }));
  const lines = createInterface({ input: parent.stdout })[Symbol.asyncIterator]();
  const zombie = Number((await lines.next()).value);
  await expect.poll(() => readFileSync(`/proc/${parent.pid}/comm`, "utf8")).toBe("sleep\n");
  expect(startTimeOf(zombie)).toMatch(/\S/);
  parent.stdin.end();
  await expect.poll(() => startTimeOf(zombie)).toBeUndefined();
  expect(process.kill(zombie, 0)).toBe(true);
});
