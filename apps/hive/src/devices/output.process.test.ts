import { ProgramTurns } from "@repo/processes";
import { expect, onTestFinished, test, vi } from "vitest";
import { outputOf, searchPath } from "./output.ts";

const options = { turns: new ProgramTurns(), timeoutMs: 20_000, signal: new AbortController().signal };
const shell = (script: string) => outputOf("/bin/sh", ["-c", script], options);

test("answers what the program wrote", async () => {
  expect(await shell("echo one; echo two")).toEqual({ stdout: "one\ntwo\n" });
});

test("a program writes as it does everywhere, whatever the language of its user", async () => {
  vi.stubEnv("LC_ALL", "de_DE.UTF-8");
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(await shell("echo $LC_ALL")).toEqual({ stdout: "C\n" });
});

test("of a failing program what it wrote counts too, with its exit code and the first thing it said", async () => {
  expect(await shell("echo; echo no driver; exit 9")).toEqual({
    stdout: "\nno driver\n",
    failure: "exited with 9: no driver",
  });
  expect(await shell("echo out; echo broken >&2; exit 1")).toMatchObject({ failure: "exited with 1: broken" });
  expect(await shell("kill -SEGV $$")).toMatchObject({ failure: "was ended by SIGSEGV" });
});

test("a program that is not there is a reason, and so is endless output", async () => {
  const missing = { reason: "is not installed", isMissing: true, wasKilled: false };
  expect(await outputOf("no-such-program-here", [], options)).toEqual(missing);
  expect(await shell("yes")).toEqual({ reason: "wrote more than 1 MiB", isMissing: false, wasKilled: true });
});

test("the signal alone rejects", async () => {
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(outputOf("/bin/true", [], { ...options, signal })).rejects.toThrow("enough");
});

test("programs are looked for where Windows puts them for its Linux, too, after the PATH", () => {
  expect(searchPath("/usr/bin")).toBe("/usr/bin:/usr/lib/wsl/lib");
  expect(searchPath(undefined)).toBe("/usr/bin:/bin:/usr/lib/wsl/lib");
});
