import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { mountFreezableDisk } from "@repo/test-support/mount";
import { expect, onTestFinished, test } from "vitest";
import { isGroupRunning, leftInKernel } from "./group.ts";
import { ProgramError } from "./program.ts";
import { ProgramTurns } from "./turns.ts";

const options = { env: { PATH: "/bin:/usr/bin" }, timeoutMs: 20_000, signal: new AbortController().signal };

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "turns-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function frozenDisk() {
  const disk = mountFreezableDisk(join(temporaryFolder(), "disk"));
  onTestFinished(() => disk[Symbol.dispose]());
  disk.freeze();
  return disk;
}

function newTurns() {
  const turns = new ProgramTurns();
  return (script: string, timeoutMs = options.timeoutMs) =>
    turns.run("/bin/sh", ["-c", script], { ...options, timeoutMs });
}

test("programs run one after the other, whatever becomes of them", async () => {
  const run = newTurns();
  const log = join(temporaryFolder(), "log");
  const script = (name: string) => `echo ${name} begins >> ${log}; sleep 0.05; echo ${name} ends >> ${log}`;
  const [, failed] = await Promise.allSettled([run(script("a")), run("sleep 600", 100), run(script("b"))]);
  expect(failed).toMatchObject({ reason: { kind: "given_up", reason: "did not end within 0.1 s" } });
  expect(readFileSync(log, "utf8")).toBe("a begins\na ends\nb begins\nb ends\n");
});

test("a program that ignores SIGTERM holds up nobody", async () => {
  const run = newTurns();
  await expect(run("trap '' TERM; while :; do sleep 1; done", 200)).rejects.toThrow("did not end");
  expect((await run("echo next")).stdout).toBe("next\n");
});

test.each([
  ["a program", (file: string) => `echo > ${file}`],
  ["what a program started", (file: string) => `(echo > ${file}) & wait`],
])("while %s hangs inside the kernel, no other is started", async (_what, script) => {
  const disk = frozenDisk();
  const run = newTurns();
  const late: unknown = await run(script(join(disk.path, "file")), 200).catch((error: unknown) => error);
  const killed = late instanceof ProgramError ? (late.killed ?? 0) : 0;
  await expect.poll(() => statesIn(killed)).toContain("D");
  const refused = `is not started: an earlier one (process ${killed}) was killed and does not end`;
  for (let reading = 0; reading < 2; reading++)
    await expect(run("echo next")).rejects.toMatchObject({ kind: "not_started", reason: refused });
  disk.thaw();
  await expect.poll(() => isGroupRunning(killed)).toBe(false);
  expect((await run("echo next")).stdout).toBe("next\n");
});

test("none is started beside one that an earlier process left behind inside the kernel", async () => {
  const disk = frozenDisk();
  // No other test has a program of this name.
  const program = join(temporaryFolder(), "left-behind");
  writeFileSync(program, `#!/bin/sh\necho > ${join(disk.path, "file")}\n`, { mode: 0o755 });
  const { stdout } = spawnSync("/bin/sh", ["-c", `${program} > /dev/null 2>&1 & echo $!`], {
    encoding: "utf8",
    timeout: 20_000,
  });
  const turns = new ProgramTurns();
  await expect.poll(() => leftInKernel(program)).toBe(Number(stdout));
  await expect(turns.run(program, [], options)).rejects.toThrow(
    `is not started: one that was left behind (process ${stdout.trim()}) hangs inside the kernel`,
  );
  disk.thaw();
  // While it goes on it may wait for the disk once more, which is being inside the kernel.
  await expect.poll(() => stateOf(Number(stdout))).toMatch(/^Z?$/);
  expect((await turns.run(program, [], options)).exitCode).toBe(0);
});

/** "" of a process that is gone, "Z" of one that nobody has collected. */
const stateOf = (pid: number): string =>
  spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8", timeout: 20_000 })
    .stdout.trim()
    .slice(0, 1);

/** Of the processes of a group. */
function statesIn(groupId: number): string[] {
  const lines = execFileSync("ps", ["-e", "-o", "pgid=,stat="], { encoding: "utf8" }).split("\n");
  const words = lines.map((line) => line.trim().split(/\s+/));
  return words.filter(([group]) => Number(group) === groupId).map(([, state = ""]) => state.slice(0, 1));
}

test("a process that ended and was not collected is none of its group", async () => {
  // The shell gives its place to a program that never asks for the child.
  const parent = spawn("/bin/sh", ["-c", "setsid sh -c 'echo $$' & exec sleep 60"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void parent.kill("SIGKILL"));
  const { value: line } = await createInterface({ input: parent.stdout })[Symbol.asyncIterator]().next();
  await expect.poll(() => statesIn(Number(line))).toEqual(["Z"]);
  expect(isGroupRunning(Number(line))).toBe(false);
});
