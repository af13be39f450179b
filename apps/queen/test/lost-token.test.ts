import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { HiveCatalog } from "@repo/hive-catalog";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { mountSmallDisk } from "@repo/test-support/mount";
import { expect, test } from "vitest";
import { QUEEN } from "./programs.ts";

const DISK_BYTES = 64 * 1024;
const FILL = `head -c ${2 * DISK_BYTES} /dev/zero > "$0/filling" 2> /dev/null;`;

/** Runs `queen token …` in a shell, in which `$QUEEN` calls it. */
async function inShell(line: string, database: string, folder = "") {
  const env = { PATH: process.env.PATH, QUEEN: `${process.execPath} ${QUEEN} token`, QUEEN_DATABASE: database };
  const child = spawn("bash", ["--norc", "-c", line, folder], { env, timeout: 60_000, killSignal: "SIGKILL" });
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, "close")]);
  return { code, stderr };
}

async function tokensIn(database: string) {
  const catalog = await HiveCatalog.open(database);
  try {
    return await catalog.tokens.list();
  } finally {
    await catalog.close();
  }
}

const CREATE = "$QUEEN create --name me --role operator";

test("a token that nobody reads from stdout, or that has no room in its file, is in force nowhere", async () => {
  await using folder = await temporaryFolder();
  using disk = mountSmallDisk(`${folder.path}/full`, DISK_BYTES);
  const database = `${folder.path}/hives.db`;
  await tokensIn(database);
  const lost =
    /\nqueen: nobody has the token \w{16}, and it is revoked\nqueen: stdout cannot be written: .*(?:ENOSPC|EPIPE).*\n$/;
  for (const line of [
    `${CREATE} > /dev/full`,
    `${CREATE} --json > /dev/full`,
    `${CREATE} | :; exit \${PIPESTATUS[0]}`,
  ]) {
    expect(await inShell(line, database), line).toEqual({ code: 1, stderr: expect.stringMatching(lost) });
  }
  expect((await tokensIn(database)).map(({ revokedAtMs }) => revokedAtMs)).toEqual(Array(3).fill(expect.any(Number)));
  expect(await inShell(`${FILL} ${CREATE} --out "$0/me.token"`, database, disk.path)).toEqual({
    code: 1,
    stderr: expect.stringMatching(/me\.token cannot be written: ENOSPC.*; no token was made\n$/),
  });
  expect(await tokensIn(database)).toHaveLength(3);
});

test.each([">&-", "> /dev/null", "--json >&-"])("no token is made where stdout leads nowhere: %s", async (where) => {
  await using folder = await temporaryFolder();
  const database = `${folder.path}/hives.db`;
  await tokensIn(database);
  expect(await inShell(`${CREATE} ${where}`, database)).toEqual({
    code: 1,
    stderr: expect.stringMatching(/\nqueen: stdout leads nowhere: nobody would have the token, and none was made\n$/),
  });
  expect(await tokensIn(database)).toEqual([]);
});

test("where a token is that has its file is said also where its JSON cannot be", async () => {
  await using folder = await temporaryFolder();
  const database = `${folder.path}/hives.db`;
  await tokensIn(database);
  const file = `${folder.path}/me.token`;
  expect(await inShell(`${CREATE} --json --out ${file} > /dev/full`, database)).toEqual({
    code: 1,
    stderr: expect.stringMatching(
      new RegExp(`\nqueen: the token \\w{16} is in ${file}\nqueen: stdout cannot be written: ENOSPC.*\n$`),
    ),
  });
  expect(await tokensIn(database)).toMatchObject([{ revokedAtMs: null }]);
  expect(await inShell(`${CREATE} --out ${file}.2 >&-`, database)).toMatchObject({ code: 0 });
});

test.each(["--help", "create --help"])("%s for which there is no room says so in one sentence", async (words) => {
  expect(await inShell(`$QUEEN ${words} > /dev/full`, "hives.db")).toEqual({
    code: 1,
    stderr: expect.stringMatching(/^queen: stdout cannot be written: ENOSPC[^\n]*\n$/),
  });
});
