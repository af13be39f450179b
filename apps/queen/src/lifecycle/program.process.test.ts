import { execFileSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { expect, test } from "vitest";
import { until } from "../../test/until.ts";
import { type ProgramOptions, runProgram } from "./program.ts";

const run = (script: string, options: Partial<ProgramOptions> = {}) =>
  runProgram("/bin/sh", ["-c", script], {
    env: { PATH: "/bin:/usr/bin" },
    timeoutMs: 20_000,
    signal: new AbortController().signal,
    onOutput: () => undefined,
    ...options,
  });

/** A time for `sleep` that no other test has, so that its process can be found. */
const newMarker = () => `600.${randomInt(1e9)}`;
const isRunning = (marker: string) =>
  execFileSync("ps", ["-e", "-o", "args="], { encoding: "utf8" }).includes(`sleep ${marker}`);

test("gives a program its input, and answers what it wrote and how it ended", async () => {
  const seen: string[] = [];
  const end = await run("cat; echo oops >&2; exit 3", { input: "in", onOutput: (text) => seen.push(text) });
  expect(end).toEqual({ exitCode: 3, stdout: "in", stderr: "oops\n" });
  expect(seen.sort()).toEqual(["in", "oops\n"]);
});

test("a program that does not end is killed with all that it started", async () => {
  const marker = newMarker();
  await expect(run(`sleep ${marker} & wait`, { timeoutMs: 300 })).rejects.toThrow("did not end within 0.3 s");
  await until("nothing is left of it", () => !isRunning(marker));
});

test("so is one that nobody waits for any more", async () => {
  const marker = newMarker();
  const stopping = new AbortController();
  const running = run(`sleep ${marker} & wait`, { signal: stopping.signal });
  await until("it runs", () => isRunning(marker));
  stopping.abort(new Error("cancelled"));
  await expect(running).rejects.toThrow("cancelled");
  await until("nothing is left of it", () => !isRunning(marker));
});

test("of what one writes only the beginning is kept", async () => {
  const { stdout } = await run("yes | head -c 1000000");
  expect(stdout.length).toBe(65_536);
});

test("one that floods its output is killed", async () => {
  const marker = newMarker();
  await expect(run(`sleep ${marker} & yes`)).rejects.toThrow("wrote more than 4 MiB");
  await until("nothing is left of it", () => !isRunning(marker));
});

test("one that is not there is said", async () => {
  const options = { env: {}, timeoutMs: 1000, signal: new AbortController().signal, onOutput: () => undefined };
  await expect(runProgram("/nowhere/ssh", [], options)).rejects.toThrow("/nowhere/ssh cannot be started");
});
