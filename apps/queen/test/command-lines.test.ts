import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const { scripts } = JSON.parse(readFileSync(`${ROOT}package.json`, "utf8")) as { scripts: Record<string, string> };

/** The scripts of the repository that are programs of their own, by their names: node's arguments. */
const PROGRAMS = new Map(
  Object.entries(scripts).flatMap(([name, script]) => {
    const [program, ...args] = script.replace(/^exec /, "").split(" ");
    const own = args.slice(args.findIndex((arg) => !arg.startsWith("--")));
    return program === "node" && own.every((arg) => /\.[jt]s$/.test(arg)) ? [[name, args] as const] : [];
  }),
);

/** Runs it as `pnpm` does, without an environment. */
function run(command: string, option: string) {
  return execute(process.execPath, [...argumentsOf(command), option]);
}

function argumentsOf(command: string): string[] {
  const [name = "", ...args] = command.split(" ");
  return [...(PROGRAMS.get(name) ?? []), ...args];
}

function execute(program: string, args: string[]) {
  const options = { cwd: ROOT, env: { PATH: process.env.PATH }, timeout: 60_000 };
  return new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    execFile(program, args, options, (error, stdout, stderr) =>
      resolve({ code: error ? error.code : 0, stdout, stderr }),
    );
  });
}

test.concurrent.each([...PROGRAMS.keys(), "queen token", "soak --hostile"])(
  "pnpm %s --help says on stdout how it is called, its exit codes and an example",
  async (command) => {
    const { code, stdout, stderr } = await run(command, "--help");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(new RegExp(`^Usage: pnpm (?:-s )?${command}\\b`));
    expect(stdout).toMatch(/^Options:$/m);
    expect(stdout).toMatch(/^ +-h, --help /m);
    expect(stdout).toMatch(/^Exit codes: 0 .* 2 called wrongly/m);
    expect(stdout).toMatch(new RegExp(`^Example: .*pnpm (?:-s )?${command}\\b`, "m"));
    expect(stdout).not.toContain(ROOT);
  },
  60_000,
);

// The others have tests of their own.
test.concurrent.each(["bench", "build", "demo", "sim", "soak", "start", "openapi", "client:generate", "db:check"])(
  "pnpm %s with a wrong option says one line on stderr that names it, and ends with 2",
  async (command) => {
    expect(await run(command, "--no-such-option")).toEqual({
      code: 2,
      stdout: "",
      stderr: `${command}: unknown option '--no-such-option'; --help shows what there is\n`,
    });
  },
  60_000,
);

test.concurrent.each(["queen", "hive", "hivectl", "catalog", "queen token"])(
  "pnpm %s with a word that is none of its commands says one line on stderr that names it, and ends with 2",
  async (command) => {
    const line = /^.*\bfoo\b.*; --help shows what there is\n$/;
    expect(await run(command, "foo")).toEqual({ code: 2, stdout: "", stderr: expect.stringMatching(line) });
  },
  60_000,
);

test.concurrent.each([
  ...[...PROGRAMS.keys(), "queen token", "catalog info", "soak --hostile"].map((command) => `${command} --help`),
  "openapi --check",
  "client:generate --check",
  "sim --hives 10 --hours 1",
])(
  "pnpm %s says in one line that a full disk has no room for what was asked for",
  async (command) => {
    const onFullDisk = ["-c", 'exec "$0" "$@" > /dev/full', process.execPath];
    const { code, stderr } = await execute("sh", [...onFullDisk, ...argumentsOf(command)]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^(?:sim: seed 1: .*\n)*[\w:-]+: stdout cannot be written: .*\n$/),
    });
  },
  60_000,
);

const PAGES = [
  "README.md",
  "docs/security.md",
  "docs/operations.md",
  "docs/lifecycle.md",
  "apps/queen/README.md",
  "apps/hive/README.md",
];

test("no page has a token printed where pnpm, or a file that others may read, could catch it", () => {
  const commands = PAGES.flatMap((page) =>
    [...readFileSync(ROOT + page, "utf8").matchAll(/.*queen token create --.*/g)].map(([line]) => line),
  );
  expect(commands.length).toBeGreaterThan(4);
  expect(commands.filter((line) => !/ --out [\w.-]+(?: |`)/.test(line) || /\$\(pnpm|>/.test(line))).toEqual([]);
});
