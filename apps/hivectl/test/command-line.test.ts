import { execFile } from "node:child_process";
import { symlink } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { closedPort } from "@repo/test-support/closed-port";
import { expect, test } from "vitest";
import repository from "../../../package.json" with { type: "json" };
import { FILE, hivectl } from "./hivectl.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** What a call says on stderr that needs no queen, and hints at another. */
const hintOf = (call: string, cwd: string, env: NodeJS.ProcessEnv = {}) =>
  new Promise<string>((resolve) => {
    const options = { cwd, env: { PATH: process.env.PATH, XDG_CONFIG_HOME: "/nonexistent", ...env }, timeout: 60_000 };
    execFile("sh", ["-c", `${call} context use nope`], options, (_error, _stdout, stderr) => resolve(stderr));
  });
const hinting = (command: string) => expect.stringContaining(`: there is no context nope; \`${command} context list\``);

test("hints name the command that works where hivectl was called: the script of the repository, dist, a function or an alias", async () => {
  await using folder = await temporaryFolder();
  await symlink(FILE, `${folder.path}/hivectl.js`);
  expect(await hintOf(repository.scripts.hivectl, ROOT)).toEqual(hinting("pnpm -s hivectl"));
  expect(await hintOf("node hivectl.js", folder.path)).toEqual(hinting("node hivectl.js"));
  const there = `node ${folder.path}/hivectl.js`;
  expect(await hintOf(there, ROOT)).toEqual(hinting(there));
  expect(await hintOf(there, ROOT, { HIVECTL_COMMAND: "fleet" })).toEqual(hinting("fleet"));
});

test("called wrongly, it says one line that names what is wrong, and ends with 2", async () => {
  for (const args of [
    ["frobnicate"],
    ["get", "hivs"],
    ["describe", "hive"],
    ["status", "--colour"],
    ["get", "hives", "--timeout", "soon"],
  ]) {
    expect(await hivectl(args)).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringMatching(/^hivectl: .*; --help shows what there is\n$/),
    });
  }
});

const unknown = async (words: string) => {
  const { code, stderr } = await hivectl(words.split(" "));
  expect(code).toBe(2);
  return stderr.replace(/^hivectl: unknown command |; --help shows what there is\n$/g, "");
};

test.each([
  ["delete gpu-01", "delete", "remove"],
  ["drain gpu-01", "drain", "cordon"],
  ["edit gpu-01", "edit", "set"],
  ["logs gpu-01", "logs", "get events"],
  ["get pods", "pods", "get workers"],
  ["get nodes", "nodes", "get hives"],
  ["nodes", "nodes", "get hives"],
  ["hives", "hives", "get hives"],
  ["get hivs", "hivs", "get hives"],
  ["satuts", "satuts", undefined],
  ["sattus", "sattus", "status"],
  ["describe gpu-01", "gpu-01", "describe hive gpu-01"],
  ["describe operaton x", "operaton", "describe operation"],
  ["describe node gpu-01", "node", "describe hive ID"],
  ["describe worker w1", "worker", undefined],
  ["token delete x", "delete", "token revoke"],
  ["token ls", "ls", "token list"],
  ["context rm x", "rm", "context remove"],
  ["host-key drain", "drain", undefined],
  ["get tokens", "tokens", "token list"],
  ["contexts", "contexts", "context list"],
  ["help gte", "gte", "get"],
  ["stat", "stat", "status"],
  ["frobnicate", "frobnicate", undefined],
])("%s names what was meant, and nothing where that is not clear", async (words, word, meant) => {
  const hint = meant === undefined ? "" : ` (did you mean \`hivectl ${meant}\`?)`;
  expect(await unknown(words)).toBe(`"${word}"${hint}`);
});

test("help is a verb too, and describe takes a kind in both forms, as get does", async () => {
  for (const words of ["get", "get hives", "describe hives", ""]) {
    const args = words.split(" ").filter((word) => word !== "");
    const help = await hivectl([...args, "--help"]);
    expect(await hivectl(["help", ...args])).toEqual(help);
    expect(help).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Usage: hivectl /) });
  }
  await using nobody = await closedPort();
  const url = { QUEEN_URL: nobody.url };
  for (const kind of ["hives", "operations"]) {
    expect(await hivectl(["describe", kind, "x"], url)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("reached"),
    });
  }
});

test.each([
  ["get", "hives, workers, models, operations, events, labels or cordons", "get hives"],
  ["describe", "hive or operation", "describe hive ID"],
  ["token", "create, list or revoke", "token create"],
  ["context", "list, use, add or remove", "context list"],
  ["host-key", "show, scan, confirm or forget", "host-key show ID"],
])("%s alone says in one sentence that it takes %s", async (verb, kinds, example) => {
  expect(await hivectl([verb])).toEqual({
    code: 2,
    stdout: "",
    stderr: `hivectl: ${verb} takes ${kinds}, as in \`hivectl ${example}\`; --help shows what there is\n`,
  });
  expect((await hivectl([verb, "--help"])).stdout).toMatch(/^Usage: /);
});
