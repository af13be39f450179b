import { chmod, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { HiveCatalog } from "@repo/hive-catalog";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { QueenClient } from "@repo/queen-client";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { addToken } from "../../queen/test/tokens.ts";
import { hivectlProcess as hivectl } from "./hivectl.ts";
import { queenForAll } from "./queen.ts";

const queen = queenForAll();
const CODE = /#code=([\w-]{43})$/;
let token: string;

beforeAll(async () => {
  expect(await hivectl(["ui", "--print"], { QUEEN_URL: `${queen.url}/` })).toEqual({
    code: 0,
    stdout: `${queen.url}/ui\n`,
    stderr: "",
  });
  const catalog = await HiveCatalog.open(`${queen.folder}/hives.db`);
  token = (await addToken(catalog, "reader")).token;
  await catalog.close();
  await queen.door.known.refresh();
});

/** For programs. */
async function newBin(): Promise<string> {
  const folder = await temporaryFolder();
  onTestFinished(() => folder[Symbol.asyncDispose]());
  return folder.path;
}

/** Takes what it is given as a desktop's program does, and ends with `code`. */
async function desktop(code: number) {
  const bin = await newBin();
  await writeFile(`${bin}/xdg-open`, `#!/bin/sh\nprintf %s "$1" > ${bin}/opened\nexit ${code}\n`);
  await chmod(`${bin}/xdg-open`, 0o755);
  const PATH = `${bin}:${dirname(process.execPath)}:/usr/bin:/bin`;
  return { PATH, opened: () => readFile(`${bin}/opened`, "utf8") };
}

test("--print says an address whose code logs in once, with the rights of the caller", async () => {
  const { code, stdout } = await hivectl(["ui", "--print"], { QUEEN_URL: queen.url, QUEEN_TOKEN: token });
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining(`${queen.url}/ui#code=`) });
  expect(stdout).not.toContain(token);
  const shown = { code: stdout.trim().match(CODE)?.[1] ?? "" };
  expect(await new QueenClient({ url: queen.url }).logIn(shown)).toMatchObject({ role: "reader" });
  await expect(new QueenClient({ url: queen.url }).logIn(shown)).rejects.toMatchObject({ status: 401 });
});

test("it opens the browser of the desktop, and prints no code then; where there is none, it prints the address", async () => {
  const env = { QUEEN_URL: queen.url, QUEEN_TOKEN: token };
  const { PATH, opened } = await desktop(0);
  const ended = await hivectl(["ui"], { ...env, PATH });
  expect(ended).toEqual({ code: 0, stdout: "", stderr: expect.not.stringMatching("code=") });
  expect(await opened()).toMatch(CODE);
  const failing = await desktop(3);
  expect((await hivectl(["ui"], { ...env, PATH: failing.PATH })).stdout.trim()).toMatch(CODE);
  expect((await hivectl(["ui"], { ...env, PATH: "/nonexistent" })).stdout.trim()).toMatch(CODE);
  const broken = await newBin();
  await symlink("xdg-open", `${broken}/xdg-open`);
  expect((await hivectl(["ui"], { ...env, PATH: broken })).stdout.trim()).toMatch(CODE);
});

test("without a token there is no code", async () => {
  expect(await hivectl(["ui", "--print"], { QUEEN_URL: queen.url })).toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringContaining("UNAUTHENTICATED"),
  });
});
