import { constants, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NamedPipe } from "@repo/test-support/named-pipe";
import { expect, onTestFinished, test, vi } from "vitest";
import { LineOutput } from "./line-output.ts";

const { O_WRONLY, O_NONBLOCK } = constants;

function openPipe() {
  const folder = mkdtempSync(join(tmpdir(), "line-output-"));
  const pipe = new NamedPipe(join(folder, "pipe"));
  const output = new LineOutput(openToWrite(pipe.path), (lines) => output.write(`lost ${lines}\n`));
  onTestFinished(() => {
    pipe[Symbol.dispose]();
    rmSync(folder, { recursive: true });
  });
  return { pipe, output };
}

/** Never closed: an output writes what waits for as long as the process lives, and would write it into whatever else has got the number since. */
const openToWrite = (path: string): number => openSync(path, O_WRONLY | O_NONBLOCK);

const aLine = (number: number) => `${String(number).padStart(999, ".")}\n`;
const linesOf = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => aLine(from + n)).join("");

/** What comes until the output has written `end`: it looks for room now and then. */
async function readUntil(pipe: NamedPipe, end: RegExp): Promise<string> {
  let text = "";
  const comes = () => {
    text += pipe.read();
    expect(text.slice(-aLine(0).length)).toMatch(end);
  };
  await vi.waitFor(comes, { timeout: 15_000, interval: 5 });
  return text;
}

test("lines for which a pipe has no room come later, whole and in order", async () => {
  const { pipe, output } = openPipe();
  for (let number = 0; number < 500; number += 1) output.write(aLine(number));
  expect(await readUntil(pipe, /\.499\n$/)).toBe(linesOf(0, 500));
});

test("what is too much to keep is lost in one piece, and a line in its place says how many were lost", async () => {
  const { pipe, output } = openPipe();
  for (let number = 0; number < 3_000; number += 1) output.write(aLine(number));
  // There is room again, but not for all that waits.
  const beginning = pipe.read();
  output.write(aLine(3_000));
  const text = beginning + (await readUntil(pipe, /lost \d+\n$/));
  const lost = Number(/lost (\d+)\n$/.exec(text)?.[1]);
  expect(lost).toBeGreaterThan(1_000);
  expect(text).toBe(`${linesOf(0, 3_001 - lost)}lost ${lost}\n`);
  output.write(aLine(3_001));
  expect(pipe.read()).toBe(aLine(3_001));
});

test("a reader who is gone stops nothing, and another one gets what waited", async () => {
  const { pipe, output } = openPipe();
  pipe.closeReader();
  output.write(aLine(1));
  output.drain(1);
  pipe.openReader();
  output.write(aLine(2));
  expect(pipe.read()).toBe(linesOf(1, 3));
});

test("a full disk stops nothing", () => {
  const output = new LineOutput(openToWrite("/dev/full"), () => undefined);
  output.write(aLine(1));
  output.drain(1);
});
