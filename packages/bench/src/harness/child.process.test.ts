import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { bundleOf } from "../../../../scripts/build/cache.js";
import { measuredInProcess } from "../own-process.ts";
import { runProgram, runScript } from "./child.ts";

test("a benchmark in a process of its own tells what it does, and why it failed", async () => {
  const own = fileURLToPath(import.meta.url);
  const program = pathToFileURL(await bundleOf(join(own, "..", "..", "own-process-child.ts")));
  const told: string[] = [];
  const args = [measuredInProcess[0]?.name ?? "", own, "quick"];
  const run = runScript(program, args, { onProgress: (doing) => void told.push(doing) });
  await expect(run).rejects.toThrow(/^.* ended with 1: a part of the path is no folder \(ENOTDIR: .*\)$/);
  expect(told).toEqual([expect.stringMatching(/^filling /)]);
});

test("a program that takes too long is ended, and said to", async () => {
  const program = { command: process.execPath, args: ["-e", "setInterval(() => {}, 1000)"], timeoutMs: 200 };
  await expect(runProgram(program)).rejects.toThrow(/ took longer than 0.2 s: it said nothing$/);
});
