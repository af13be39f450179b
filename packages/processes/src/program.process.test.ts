import { createHook } from "node:async_hooks";
import { execFileSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { getEventListeners } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as immediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { bundleOf } from "../../../scripts/build/cache.js";
import { ProgramError, type ProgramOptions, runProgram } from "./program.ts";

const options = { env: { PATH: "/bin:/usr/bin" }, timeoutMs: 20_000, signal: new AbortController().signal };
const run = (script: string, others: Partial<ProgramOptions> = {}) =>
  runProgram("/bin/sh", ["-c", script], { ...options, ...others });

/** A time for `sleep` that no other test has, so that its process can be found. */
const newMarker = () => `600.${randomInt(1e9)}`;
const isRunning = (marker: string) =>
  execFileSync("ps", ["-e", "-o", "args="], { encoding: "utf8" }).includes(`sleep ${marker}`);
const hasStarted = (marker: string) => expect.poll(() => isRunning(marker), { timeout: 20_000 }).toBe(true);
const hasEnded = (marker: string) => expect.poll(() => isRunning(marker), { timeout: 20_000 }).toBe(false);

test("gives a program its input, and answers what it wrote and how it ended", async () => {
  const seen: string[] = [];
  const end = await run("cat; echo oops >&2; exit 3", { input: "in", onOutput: (text) => seen.push(text) });
  expect(end).toEqual({ exitCode: 3, signal: null, stdout: "in", stderr: "oops\n" });
  expect(seen.sort()).toEqual(["in", "oops\n"]);
});

test("leaves nothing behind on a signal that outlives many programs", async () => {
  await run("exit 0");
  await expect(run("exec sleep 600", { timeoutMs: 1 })).rejects.toThrow("did not end");
  await expect(runProgram("/nowhere", [], options)).rejects.toThrow("is not installed");
  expect(getEventListeners(options.signal, "abort")).toEqual([]);
});

test("says which signal ended a program", async () => {
  expect(await run("kill -SEGV $$")).toMatchObject({ exitCode: null, signal: "SIGSEGV" });
});

test("a program finds nothing but what it is given: no terminal, no input, no other environment", async () => {
  const { stdout } = await run("cat; pwd; [ -t 0 ] || echo no terminal; env", { cwd: "/", env: { GIVEN: "1" } });
  expect(stdout).toMatch(/^\/\nno terminal\n/);
  expect(stdout).toContain("GIVEN=1\n");
  expect(stdout).not.toContain("PATH=/bin:/usr/bin");
});

test("a program that does not end is killed with all that it started", async () => {
  const marker = newMarker();
  const running = run(`sleep ${marker} & wait`, { timeoutMs: 1000 });
  await expect(running).rejects.toThrow(ProgramError);
  await expect(running).rejects.toMatchObject({ reason: "did not end within 1 s", killed: expect.any(Number) });
  await hasEnded(marker);
});

test("so is one that nobody waits for any more", async () => {
  const marker = newMarker();
  const stopping = new AbortController();
  const running = run(`sleep ${marker} & wait`, { signal: stopping.signal });
  await hasStarted(marker);
  stopping.abort(new Error("cancelled"));
  await expect(running).rejects.toThrow("cancelled");
  await hasEnded(marker);
  await expect(run("echo", { signal: stopping.signal })).rejects.toThrow("cancelled");
});

test("of what one writes only the beginning is kept", async () => {
  const { stdout } = await run("echo first; yes | head -c 1000000");
  expect({ length: stdout.length, first: stdout.split("\n", 1)[0] }).toEqual({ length: 65_536, first: "first" });
  expect((await run("yes | head -c 1000000", { keptCharacters: 1_000_000 })).stdout.length).toBe(1_000_000);
});

test("one that floods its output is killed", async () => {
  const marker = newMarker();
  await expect(run(`sleep ${marker} & yes`)).rejects.toThrow("wrote more than 4 MiB");
  await hasEnded(marker);
  await expect(run("yes", { maxCharacters: 2 ** 20 })).rejects.toThrow("wrote more than 1 MiB");
});

test.each([
  ["not there", "no-such-program-here", {}, "missing", "is not installed"],
  ["not to be run", tmpdir(), {}, "not_started", `cannot be started: spawn ${tmpdir()} EACCES`],
  [
    "to run in a folder that is not there",
    "/bin/true",
    { cwd: "/nowhere" },
    "not_started",
    "cannot be started: spawn /bin/true ENOENT",
  ],
  ["to run in a file", "/bin/true", { cwd: "/bin/true" }, "not_started", "cannot be started: spawn ENOTDIR"],
  ["given too much", "/bin/true", { env: { X: "x".repeat(2 ** 20) } }, "not_started", "cannot be started: spawn E2BIG"],
])("a program that is %s is said", async (_what, command, others, kind, reason) => {
  const ended = await runProgram(command, [], { ...options, ...others }).catch((error: unknown) => error);
  expect(ended).toMatchObject({ name: "ProgramError", kind, reason, message: `${command} ${reason}` });
});

test("a program is not installed, too, where a folder of the PATH has something else of its name, or may not be looked into", async () => {
  const folder = mkdtempSync(join(tmpdir(), "path-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "smi"));
  writeFileSync(join(folder, "text"), "no program");
  const env = { PATH: `/nowhere:${folder}:/usr/bin` };
  await expect(runProgram("smi", [], { ...options, env })).rejects.toMatchObject({ kind: "missing" });
  await expect(runProgram("text", [], { ...options, env })).rejects.toMatchObject({ kind: "not_started" });
});

test("of programs that are run at once one is started in a turn of the event loop", async () => {
  const turns: number[] = [];
  let turn = 0;
  let isDone = false;
  const starts = createHook({ init: (_id, type) => void (type === "PROCESSWRAP" && turns.push(turn)) }).enable();
  const counting = (async () => {
    for (; !isDone; turn++) await immediate();
  })();
  await Promise.all(Array.from({ length: 8 }, () => run("true")));
  isDone = true;
  await counting;
  starts.disable();
  expect(turns).toHaveLength(8);
  expect(new Set(turns).size).toBe(8);
});

test("one that cannot be started because no file is left for its output is told, and ends nobody else", async () => {
  const starved: string = await bundleOf(fileURLToPath(new URL("../test/starved.ts", import.meta.url)));
  const { exitCode, stdout, stderr } = await run(`ulimit -n 64; exec "${process.execPath}" "${starved}"`);
  expect({ exitCode, stdout, stderr }).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^\/bin\/true cannot be started: spawn \/bin\/true EMFILE\n$/),
  });
});
