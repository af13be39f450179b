import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, existsSync, fstatSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { NamedPipe } from "@repo/test-support/named-pipe";
import { programOf, runInside } from "@repo/test-support/readme";
import { expect, onTestFinished, test, vi } from "vitest";
import { bundleOf } from "../../../scripts/build/cache.js";
import { LineOutput } from "./line-output.ts";

const PROGRAM = await bundleOf(fileURLToPath(new URL("../test/logging.ts", import.meta.url)));
const WAIT = { timeout: 20_000, interval: 20 };
const textOf = (path: string) => (existsSync(path) ? readFileSync(path, "utf8") : "");

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "process-log-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A program that logs to `stdout` so many lines, which it waits for, and that ends with the test at the latest. */
async function startProgram(lines: number, stdout: "pipe" | number, ...more: string[]) {
  const child = spawn(process.execPath, [PROGRAM, String(lines), ...more], { stdio: ["ignore", stdout, "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  if (child.stderr) expect(`${await once(child.stderr, "data")}`).toBe("logging: done\n");
  return child;
}

function brokenPipe(): number {
  const pipe = new NamedPipe(join(temporaryFolder(), "pipe"));
  const fd = openSync(pipe.path, "w");
  pipe.closeReader();
  return fd;
}

/** The same on a terminal, of which the child is the other end. It starts when the `gate` is opened and closed again. */
function startOnTerminal(lines: number, env: NodeJS.ProcessEnv = {}, more = "") {
  const folder = temporaryFolder();
  const [gate, done, screen] = [join(folder, "gate"), join(folder, "done"), join(folder, "screen")];
  execFileSync("mkfifo", [gate]);
  const command = `cat '${gate}'; exec '${process.execPath}' '${PROGRAM}' ${lines} ${more} 2> '${done}'`;
  const stdout = openSync(screen, "w");
  const child = spawn("script", ["-qefc", command, "/dev/null"], {
    stdio: ["ignore", stdout, "inherit"],
    env: { PATH: process.env.PATH, TERM: "xterm", ...env },
  });
  closeSync(stdout);
  onTestFinished(() => void child.kill("SIGKILL"));
  const logged = () => vi.waitFor(() => expect(textOf(done)).toBe("logging: done\n"), WAIT);
  return { child, gate: open(gate, "w"), logged, shown: () => textOf(screen).replaceAll("\r\n", "\n") };
}

test("on a terminal a line is time, level, message and fields, in colour unless NO_COLOR is set", async () => {
  const [coloured, plain] = [startOnTerminal(1), startOnTerminal(1, { NO_COLOR: "1" })];
  for (const { gate } of [coloured, plain]) await (await gate).close();
  await vi.waitFor(() => {
    expect(coloured.shown()).toContain("\u001b[32mINFO\u001b[39m: ");
    expect(plain.shown()).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: a line \{"number":0\}\n$/);
  }, WAIT);
});

/** What a stranger may have written. */
const ODD = "\u001b[31m\u0085\u009b\u2028\u202eend\r\n[info]";

test("what a stranger wrote is in the log, and in no form that a terminal or a reader of lines would obey", async () => {
  const path = join(temporaryFolder(), "log");
  const file = openSync(path, "w");
  await startProgram(0, file, ODD);
  closeSync(file);
  expect(textOf(path)).toMatch(/^[\x20-\x7e]+\n$/);
  expect(JSON.parse(textOf(path))).toMatchObject({ reason: ODD, msg: ODD });
  const terminal = startOnTerminal(0, { NO_COLOR: "1" }, `'${ODD}'`);
  await (await terminal.gate).close();
  const shown = String.raw`\u001b[31m\u0085\u009b\u2028\u202eend\r\u000a[info]`;
  await vi.waitFor(() => expect(terminal.shown()).toContain(` WARN: ${shown} {`), WAIT);
  expect(terminal.shown()).toMatch(/^[\x20-\x7e]+\n$/);
});

test("what Node and libraries warn of is a line of the log, and nowhere else", async () => {
  const path = join(temporaryFolder(), "log");
  const file = openSync(path, "w");
  await startProgram(0, file, "first", ODD);
  closeSync(file);
  const lines = textOf(path).trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { msg: "first" },
    { level: 40, warning: "OddWarning", msg: ODD },
  ]);
});

test.each([
  [
    "systemd's journal has the priority before each line that it takes off there",
    0,
    ["<6>{", "<4>{", "<3>logging: done"],
  ],
  ["another output than the journal of who started it has none", 1, ["{", "{", "logging: done"]],
])("%s", async (_what, otherNode, beginnings) => {
  const path = join(temporaryFolder(), "log");
  const output = openSync(path, "a");
  const { dev, ino } = fstatSync(output);
  const env = { ...process.env, JOURNAL_STREAM: `${dev}:${ino + otherNode}` };
  const child = spawn(process.execPath, [PROGRAM, "1", "odd"], { stdio: ["ignore", output, output], env });
  onTestFinished(() => void child.kill("SIGKILL"));
  closeSync(output);
  const logged = () => textOf(path).replace(/\{.*\}$/gm, "{");
  await vi.waitFor(() => expect(logged()).toBe(`${beginnings.join("\n")}\n`), WAIT);
});

test("a terminal that is stopped stops nothing", async () => {
  const terminal = startOnTerminal(5_000);
  const gate = await terminal.gate;
  terminal.child.kill("SIGSTOP");
  await gate.close();
  await terminal.logged();
});

test("the example of the README logs what its comment says", async () => {
  const packageFolder = fileURLToPath(new URL("..", import.meta.url));
  await using run = await runInside(packageFolder, await programOf(new URL("../README.md", import.meta.url)));
  expect(run.stdout.replace(/"time":\d+/, '"time":…')).toBe(
    '{"level":30,"time":…,"host":"127.0.0.1","port":8500,"msg":"listening"}\n',
  );
});

test("a file gets every line as JSON", async () => {
  const path = join(temporaryFolder(), "log");
  const file = openSync(path, "w");
  const program = await startProgram(5_000, file);
  closeSync(file);
  program.kill("SIGTERM");
  expect(await once(program, "exit")).toEqual([3, null]);
  const lines = textOf(path).trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line).number)).toEqual(Array.from({ length: 5_000 }, (_, number) => number));
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ level: 30, time: expect.any(Number), msg: "a line" });
});

test.each<[string, () => "pipe" | number]>([
  ["a socket that nobody reads", () => "pipe"],
  ["a disk that is full", () => openSync("/dev/full", "w")],
  ["a pipe whose reader is gone", brokenPipe],
])("%s stops nothing, and the end has its usual exit code", async (_what, open) => {
  const stdout = open();
  const program = await startProgram(10_000, stdout);
  if (stdout !== "pipe") closeSync(stdout);
  program.kill("SIGTERM");
  expect(await once(program, "exit")).toEqual([3, null]);
});

test("whoever reads gets the last lines too", async () => {
  const folder = temporaryFolder();
  const pipe = new NamedPipe(join(folder, "pipe"));
  const fd = openSync(pipe.path, constants.O_WRONLY | constants.O_NONBLOCK);
  const read = openSync(join(folder, "read"), "w");
  const lines = Array.from({ length: 10_000 }, (_, number) => `line ${number} of the log\n`);
  const output = new LineOutput(fd, () => undefined);
  for (const line of lines) output.write(line);
  const reader = spawn("cat", [pipe.path], { stdio: ["ignore", read, "inherit"] });
  output.drain(20_000);
  for (const each of [fd, read]) closeSync(each);
  pipe.closeReader();
  await once(reader, "exit");
  expect(textOf(join(folder, "read"))).toBe(lines.join(""));
});
