import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { queenProcesses } from "../test/queen-processes.ts";

const queens = queenProcesses();

test("ends with 1 and one sentence when its port is taken", async () => {
  const other = createServer();
  other.listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  const queen = queens.start(["--port", String(port)]);
  expect(await queen.end()).toEqual({ code: 1, signal: null });
  expect(queen.stderr).toBe(
    `queen: port ${port} of 127.0.0.1 is taken by another program, perhaps a queen that is still running: stop that one, or choose another port with --port or QUEEN_PORT\n`,
  );
  other.close();
});

test("puts no other reason for not starting down to its port", async () => {
  const queen = queens.start([], { NODE_OPTIONS: "--disallow-code-generation-from-strings" });
  expect(await queen.end()).toEqual({ code: 1, signal: null });
  expect(queen.stderr).toMatch(/^queen: cannot start: [^\n]+\n$/);
});

test("ends with 1 and one sentence with the code when the catalog cannot be opened", async () => {
  const file = `${queens.folder}/notes.txt`;
  await writeFile(file, "These are notes, and no database at all.\n".repeat(100));
  const queen = queens.start(["--database", file]);
  expect(await queen.end()).toEqual({ code: 1, signal: null });
  expect(queen.stderr).toMatch(/^queen: cannot open the catalog: CATALOG_NOT_A_CATALOG: [^\n]*notes\.txt[^\n]*\n$/);
  expect(queen.stdout).toBe("");
});

test("refuses a catalog that lacks migrations when it may not migrate", async () => {
  const queen = queens.start([], { QUEEN_MIGRATE: "false" });
  expect(await queen.end()).toEqual({ code: 1, signal: null });
  expect(queen.stderr).toMatch(/^queen: cannot open the catalog: CATALOG_[A-Z_]+: [^\n]+\n$/);
});

test("ends with 2 and every problem when its settings are wrong, and prints no token", async () => {
  const queen = queens.start(["--port=x", "--colour", "red"], {
    QUEEN_STALE_AFTER_MS: "soon",
    QUEEN_DATABASE_AUTH_TOKEN: "hunter2",
  });
  expect(await queen.end()).toEqual({ code: 2, signal: null });
  expect(queen.stderr.trim().split("\n")).toEqual([
    expect.stringContaining("--colour"),
    expect.stringContaining("--port (QUEEN_PORT)"),
    expect.stringContaining("--stale-after-ms (QUEEN_STALE_AFTER_MS)"),
  ]);
  expect(queen.stderr + queen.stdout).not.toContain("hunter2");
});

test.each([
  [
    "a database location",
    { QUEEN_DATABASE: "mysql://db.example.com/hives" },
    "--database (QUEEN_DATABASE) must be a path or",
  ],
  ["a quoted location", { QUEEN_DATABASE: '"/data/hives.db"' }, "--database (QUEEN_DATABASE) must not stand in quotes"],
  [
    "a home that no shell replaced",
    { QUEEN_DATABASE: "~/hives.db" },
    "--database (QUEEN_DATABASE) must not begin with '~'",
  ],
  [
    "a database token",
    { QUEEN_DATABASE: "http://127.0.0.1:1", QUEEN_DATABASE_AUTH_TOKEN: "hunter 2" },
    "QUEEN_DATABASE_AUTH_TOKEN must be visible",
  ],
])("ends with 2 and one sentence when %s cannot be used", async (_what, env, sentence) => {
  const queen = queens.start([], env);
  expect(await queen.end()).toEqual({ code: 2, signal: null });
  expect(queen.stderr).toMatch(/^queen: [^\n]+\n$/);
  expect(queen.stderr).toContain(`queen: ${sentence}`);
  expect(queen.stderr).not.toContain("hunter");
});

test.each(["--help", "--version"])("says in one sentence that what %s asks for cannot be written", async (flag) => {
  const queen = queens.start([flag], {}, { through: ["sh", "-c", 'exec "$@" > /dev/full', "sh"] });
  expect(await queen.end()).toEqual({ code: 1, signal: null });
  expect(queen.stderr).toMatch(/^queen: stdout cannot be written: ENOSPC[^\n]*\n$/);
});
