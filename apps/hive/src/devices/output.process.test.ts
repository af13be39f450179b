import { expect, test } from "vitest";
import { outputOf } from "./output.ts";

const options = { timeoutMs: 20_000, signal: new AbortController().signal };
const shell = (script: string) => outputOf("/bin/sh", ["-c", script], options);

test("answers what the program wrote", async () => {
  expect(await shell("echo one; echo two")).toEqual({ ok: true, stdout: "one\ntwo\n" });
});

test("a program that is not there is a reason", async () => {
  expect(await outputOf("no-such-program-here", [], options)).toEqual({ ok: false, reason: "is not installed" });
});

test("a failing program is a reason, with its exit code and the first thing it said", async () => {
  expect(await shell("echo; echo no driver; exit 9")).toEqual({ ok: false, reason: "exited with 9: no driver" });
  expect(await shell("echo out; echo broken >&2; exit 1")).toEqual({ ok: false, reason: "exited with 1: broken" });
  expect(await shell("kill -SEGV $$")).toEqual({ ok: false, reason: "was ended by SIGSEGV" });
});

test("so is endless output", async () => {
  expect(await shell("yes")).toEqual({ ok: false, reason: "wrote more than 1 MiB" });
});

test("the signal alone rejects", async () => {
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(outputOf("/bin/true", [], { ...options, signal })).rejects.toThrow("enough");
});
