import { execFile } from "node:child_process";
import { symlink } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "@repo/hive-catalog/testing";
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
