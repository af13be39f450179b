import { expect, test } from "vitest";
import { type FakeProcess, fakeProc, INIT } from "../../test/fake-proc.ts";
import { CommandLines } from "./command-lines.ts";
import type { Proc } from "./proc.ts";

const NEW: FakeProcess = { pid: 10, startTime: 100_000, commandLine: "sh -c server" };

const statsOf = (proc: Proc) => proc.stats().filter(({ pid }) => pid !== INIT.pid);

function linesOf(processes: readonly FakeProcess[]) {
  const fake = fakeProc(processes);
  const clock = { nowMs: 0 };
  const lines = new CommandLines(
    fake.proc,
    ([first]) => first === "server",
    () => clock.nowMs,
  );
  const read = async () => (await lines.of(statsOf(fake.proc))).map(({ argv }) => argv.join(" "));
  return { ...fake, clock, lines, read };
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

test.each(["python3.12", "uv", "bash", "sh"])(
  "looks each minute at an old %s, which may have become another program of that name",
  async (name) => {
    const young = { ...NEW, pid: 11 };
    const old = { pid: 9, startTime: 1, name, commandLine: `${name} prepare` };
    const other = { pid: 8, startTime: 1, name: "sshd", commandLine: "sshd" };
    const { read, write, clock } = linesOf([old, other, young]);
    await read();
    write([{ ...old, commandLine: `${name} serve` }, { ...other, commandLine: "changed" }, young]);
    clock.nowMs = 59_000;
    expect((await read()).toSorted()).toEqual([`${name} prepare`, "sh -c server", "sshd"].toSorted());
    clock.nowMs = 60_000;
    expect((await read()).toSorted()).toEqual([`${name} serve`, "sh -c server", "sshd"].toSorted());
  },
);

test("looks at none again that waits inside the kernel: it could hang there with it", async () => {
  const old = { pid: 9, startTime: 1, name: "python3", commandLine: "python3 prepare" };
  const { read, write, clock } = linesOf([old, NEW]);
  await read();
  clock.nowMs = 60_000;
  write([{ ...old, commandLine: "python3 serve", state: "D" }, NEW]);
  expect(await read()).toEqual(["sh -c server", "python3 prepare"]);
  write([{ ...old, commandLine: "python3 serve" }, NEW]);
  expect(await read()).toEqual(["sh -c server", "python3 serve"]);
});

test("keeps the command line of one that hangs when it is read again", async () => {
  const old = { pid: 9, startTime: 1, name: "python3", commandLine: "python3 serve" };
  const { read, hang, clock } = linesOf([old, NEW]);
  await read();
  hang(9);
  clock.nowMs = 60_000;
  expect(await read()).toEqual(["sh -c server", "python3 serve"]);
});

test("says which processes hang when it can read no more of them", async () => {
  const { read, lines, hang } = linesOf([NEW, { ...NEW, pid: 11 }, { ...NEW, pid: 12 }]);
  for (const pid of [10, 11]) hang(pid);
  expect(lines.stuckPids).toEqual([]);
  expect(await read()).toEqual(["", "", ""]);
  expect(lines.stuckPids).toEqual([10, 11]);
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
  expect((await lines.of(statsOf(proc))).map((line) => line.environment)).toEqual([undefined, environment]);
});

test("goes on without a command line that hangs, and does not read it again", async () => {
  const { read, hang } = linesOf([NEW, { ...NEW, pid: 11, commandLine: "server" }]);
  hang(10);
  expect([await read(), await read()]).toEqual([
    ["", "server"],
    ["", "server"],
  ]);
});
