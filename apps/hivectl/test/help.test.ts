import { execFileSync } from "node:child_process";
import { PassThrough } from "node:stream";
import { text as allOf } from "node:stream/consumers";
import { expect, test } from "vitest";
import { run } from "../src/program.ts";
import type { World } from "../src/session.ts";
import { hivectl, inTerminal } from "./hivectl.ts";

/** What hivectl says there; in this process, since there are hundreds to look at. Without columns it is a pipe. */
async function helpIn(columns: number | undefined, words: readonly string[]): Promise<string> {
  const stdout = Object.assign(new PassThrough(), columns && { isTTY: true, columns });
  const { stdin, stderr } = process;
  const world = { env: {}, stdin, stderr, command: "hivectl", signal: new AbortController().signal, now: Date.now };
  await run([...words, "--help"], { ...world, stdout: stdout as unknown as World["stdout"] });
  stdout.end();
  return allOf(stdout);
}

/** It, and what stands below it. */
async function verbsBelow(words: string[]): Promise<string[][]> {
  const help = await helpIn(undefined, words);
  const [, commands = ""] = help.match(/^Commands:\n((?: .*\n)+)/m) ?? [];
  const below: string[][] = [];
  for (const [, name = ""] of commands.matchAll(/^ {2}([\w-]+)/gm)) below.push(...(await verbsBelow([...words, name])));
  return [words, ...below];
}

const verbs = await verbsBelow([]);

const tooLong = (text: string, columns: number) => text.split("\n").filter((line) => line.length > columns);

test.each([60, 80, 200])("in %i columns no line of any help is longer than the terminal", async (columns) => {
  expect(verbs.length).toBeGreaterThan(40);
  for (const words of verbs) expect(tooLong(await helpIn(columns, words), columns), words.join(" ")).toEqual([]);
});

test("in a pipe no line of any help is longer than 80 columns", async () => {
  for (const words of verbs) expect(tooLong(await helpIn(undefined, words), 80)).toEqual([]);
});

test("a real terminal and a real pipe show the same", async () => {
  for (const words of [[], ["get", "hives"]]) {
    for (const columns of [60, 200]) {
      expect((await inTerminal([...words, "--help"], {}, { columns })).stdout).toBe(await helpIn(columns, words));
    }
    expect((await hivectl([...words, "--help"])).stdout).toBe(await helpIn(undefined, words));
  }
});

test("in a very narrow terminal no line is longer but for a word of an example", async () => {
  const isWord = (line: string) => /^ {6}(?:"[^"]*"|\S+)(?: \\)?$/.test(line);
  for (const columns of [30, 40])
    for (const words of [["get", "hives"], ["completion"], ["wait"], []])
      expect(tooLong(await helpIn(columns, words), columns).filter((line) => !isWord(line))).toEqual([]);
});

test("bare hivectl says its help to a terminal as wide as that, and what is wrong stays a line", async () => {
  for (const columns of [40, 60]) {
    const { code, stdout } = await inTerminal([], {}, { columns });
    expect(stdout).toBe(await helpIn(columns, []));
    expect({ code, tooLong: tooLong(stdout, columns) }).toEqual({ code: 2, tooLong: [] });
  }
  expect(tooLong((await hivectl([])).stderr, 80)).toEqual([]);
  const { stderr } = await hivectl(["get", "hives", `--${"x".repeat(100)}`]);
  expect(stderr).toMatch(/^hivectl: unknown option '--x+'.*\n$/);
});

/** The examples, as bash reads them. */
function examplesIn(help: string): string[] {
  const [, examples = ""] = /^Examples?:(.*)/ms.exec(help.replaceAll(/^Example: /gm, "Example:\n  ")) ?? [];
  const commands = [...examples.matchAll(/^ {2}(\S(?:.*\\\n *)*.*?)(?: {2,}\S.*)?$/gm)].map(([, command]) => command);
  return commands.map((command) =>
    execFileSync("bash", ["--norc", "-c", `f() { ${command}\n}; declare -f f`], { encoding: "utf8" }),
  );
}

test("a shell takes the examples of a narrow help as those of a wide one", async () => {
  let count = 0;
  for (const words of verbs) {
    const examples = examplesIn(await helpIn(200, words));
    expect(examplesIn(await helpIn(45, words)), words.join(" ")).toEqual(examples);
    count += examples.length;
  }
  expect(count).toBeGreaterThan(40);
});

test("a narrow help is wrapped below its columns, and says what it says in a wide one", async () => {
  const wide = await helpIn(200, ["wait"]);
  const narrow = await helpIn(60, ["wait"]);
  expect(narrow).toContain(
    "\n  id                         of hives; - reads them from\n                             stdin\n",
  );
  expect(narrow).toContain("\n  hivectl wait gpu-01\n      until it is online\n");
  const words = (text: string) => text.split(/\s+/);
  expect(words(narrow)).toEqual(words(wide));
});
