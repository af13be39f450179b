import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type FakeProcess, fakeProc } from "../../test/fake-proc.ts";
import { CommandLines } from "./command-lines.ts";

const NEW: FakeProcess = { pid: 10, startTime: 100_000, commandLine: "sh -c server" };

function linesOf(processes: readonly FakeProcess[]) {
  const fake = fakeProc(processes);
  const lines = new CommandLines(fake.proc, ([first]) => first === "server");
  const read = async () => (await lines.of(fake.proc.stats())).map(({ argv }) => argv.join(" "));
  return { ...fake, lines, read };
}

test("follows a new process that becomes another program, and an old one when its name says so", async () => {
  const old = { pid: 9, startTime: 1, commandLine: "old" };
  const { read, write } = linesOf([old, NEW]);
  expect(await read()).toEqual(["sh -c server", "old"]);
  write([
    { ...old, commandLine: "changed" },
    { ...NEW, commandLine: "server" },
  ]);
  expect(await read()).toEqual(["server", "old"]);
  write([
    { ...old, commandLine: "changed", name: "changed" },
    { ...NEW, commandLine: "server" },
  ]);
  expect(await read()).toEqual(["server", "changed"]);
});

test("takes no later process with the same id for it", async () => {
  const { read, write } = linesOf([
    { ...NEW, startTime: 1 },
    { ...NEW, pid: 11 },
  ]);
  await read();
  write([
    { ...NEW, startTime: 2, commandLine: "server" },
    { ...NEW, pid: 11 },
  ]);
  expect(await read()).toEqual(["server", "sh -c server"]);
});

test("reads variables only where they are needed", async () => {
  const environment = { A: "1" };
  const { lines, proc } = linesOf([
    { ...NEW, environment },
    { ...NEW, pid: 11, commandLine: "server", environment },
  ]);
  expect((await lines.of(proc.stats())).map((line) => line.environment)).toEqual([undefined, environment]);
});

test("goes on without a command line that hangs, and does not read it again", async () => {
  const { read, root } = linesOf([NEW, { ...NEW, pid: 11, commandLine: "server" }]);
  const path = join(root, "10", "cmdline");
  rmSync(path);
  // A named pipe that nobody writes to hangs whoever opens it, as a file of /proc does whose process hangs in the kernel.
  execFileSync("mkfifo", [path]);
  onTestFinished(() => closeSync(openSync(path, constants.O_RDWR | constants.O_NONBLOCK)));
  expect([await read(), await read()]).toEqual([
    ["", "server"],
    ["", "server"],
  ]);
});
