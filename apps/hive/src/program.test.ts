import { expect, test } from "vitest";
import { runProgram } from "./program.ts";
import { eventually, hangingScript, isRunning, newMarker, temporaryFolder } from "./testing.ts";

const never = new AbortController().signal;
const shell = (script: string, timeoutMs = 20_000, signal = never) =>
  runProgram("/bin/sh", ["-c", script], { timeoutMs, signal });

const hasStarted = (marker: string) => eventually(() => (isRunning(marker) ? true : undefined), "the start");
const hasEnded = (marker: string) => eventually(() => (isRunning(marker) ? undefined : true), "the end");

test("answers what the program wrote", async () => {
  expect(await shell("echo one; echo two")).toEqual({ ok: true, stdout: "one\ntwo\n" });
});

test("a program that is not there is a reason", async () => {
  const result = await runProgram("no-such-program-here", [], { timeoutMs: 1_000, signal: never });
  expect(result).toEqual({ ok: false, reason: "is not installed" });
});

test("a program that may not be run is a reason", async () => {
  const result = await runProgram(temporaryFolder(), [], { timeoutMs: 1_000, signal: never });
  expect(result).toEqual({ ok: false, reason: "could not be started (EACCES)" });
});

test("a failing program is a reason, with its exit code and the first thing it said", async () => {
  expect(await shell("echo; echo no driver; exit 9")).toEqual({ ok: false, reason: "exited with 9: no driver" });
  expect(await shell("echo out; echo broken >&2; exit 1")).toEqual({ ok: false, reason: "exited with 1: broken" });
  expect(await shell("kill -SEGV $$")).toEqual({ ok: false, reason: "was ended by SIGSEGV" });
});

test("a hanging program is killed with all that it started", async () => {
  const marker = newMarker();
  expect(await shell(hangingScript(marker), 1_000)).toEqual({ ok: false, reason: "did not end within 1000 ms" });
  await hasEnded(marker);
});

test("endless output is cut, and the program killed", async () => {
  expect(await shell("while :; do echo 0123456789012345678901234567890123456789; done")).toEqual({
    ok: false,
    reason: "wrote more than 1 MiB",
  });
});

test("the signal kills the program with all that it started, and rejects", async () => {
  const marker = newMarker();
  const stopping = new AbortController();
  const run = shell(hangingScript(marker), 20_000, stopping.signal);
  await hasStarted(marker);
  stopping.abort(new Error("enough"));
  await expect(run).rejects.toThrow("enough");
  await hasEnded(marker);
  await expect(shell("echo", 1_000, stopping.signal)).rejects.toThrow("enough");
});
