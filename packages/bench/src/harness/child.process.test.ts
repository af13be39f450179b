import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { measuredInOwnProcess } from "../own-process.ts";
import { runProgram } from "./child.ts";

test("a benchmark in a process of its own tells what it does, and why it failed", async () => {
  const [reads] = measuredInOwnProcess;
  const told: string[] = [];
  const folder = fileURLToPath(import.meta.url);
  const run = reads?.run({ quick: true, folder, progress: (doing) => void told.push(doing) });
  await expect(run).rejects.toThrow(/^.* ended with 1: a part of the path is no folder \(ENOTDIR: .*\)$/);
  expect(told).toEqual(["starting", expect.stringMatching(/^filling /)]);
});

test("a program that takes too long is ended, and said to", async () => {
  const program = { command: process.execPath, args: ["-e", "setInterval(() => {}, 1000)"], timeoutMs: 200 };
  await expect(runProgram(program)).rejects.toThrow(/ took longer than 0.2 s: it said nothing$/);
});
