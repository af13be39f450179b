import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createClient } from "@libsql/client";
import { HiveCatalog, hasHash } from "@repo/hive-catalog";
import { aHive, emptyCatalogFile, folderInMemory } from "@repo/hive-catalog/testing";
import { expect, onTestFinished, test, vi } from "vitest";
import { runTokenCommand } from "./token-command.ts";

const MS_PER_DAY = 86_400_000;
const TOKEN = /^hq_([0-9a-f]{16})_[\w-]{43}\n$/;

async function newPath(): Promise<string> {
  const folder = await folderInMemory();
  onTestFinished(() => folder[Symbol.asyncDispose]());
  return `${folder.path}/hives.db`;
}

async function newCatalog(): Promise<string> {
  const path = await newPath();
  writeFileSync(path, await emptyCatalogFile(), { mode: 0o600 });
  return path;
}

/** Runs `queen token …` in this process, on the catalog in `database`, which it is to name first on stderr. */
async function run(database: string, ...argv: string[]) {
  const written = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    vi.spyOn(process[name], "write").mockImplementation((text, ...more: unknown[]) => {
      written[name] += text;
      const done = more.at(-1);
      if (typeof done === "function") done();
      return true;
    });
  }
  try {
    const exitCode = await runTokenCommand({
      argv,
      database,
      databaseAuthToken: undefined,
      migrate: true,
      warnings: [],
    });
    const { stdout, stderr } = written;
    const catalogLine = `queen: the catalog is ${database}\n`;
    const namesCatalog = stderr.startsWith(catalogLine);
    return { exitCode, stdout, stderr: namesCatalog ? stderr.slice(catalogLine.length) : stderr, namesCatalog };
  } finally {
    vi.restoreAllMocks();
  }
}

test("create prints the token alone, once, and stores its hash", async () => {
  const database = await newCatalog();
  const { exitCode, stdout, stderr } = await run(database, "create", "--name", "ops", "--role", "operator");
  const [, id = ""] = TOKEN.exec(stdout) ?? [];
  expect({ exitCode, stderr }).toEqual({
    exitCode: 0,
    stderr:
      `queen: this is the token ${id}; it is not shown again\n` +
      "queen: it locks the queen: from now on every caller needs a token, each hive too (--role hive --hive ID)\n",
  });
  const { stderr: second } = await run(database, "create", "--name", "more", "--role", "reader");
  expect(second).toMatch(/^queen: this is the token \w+; it is not shown again\n$/);
  await using catalog = await HiveCatalog.open(database);
  const stored = await catalog.tokens.get(id);
  expect(stored).toMatchObject({ id, name: "ops", role: "operator", hiveId: null, revokedAtMs: null });
  expect(hasHash(stdout.trim(), stored?.hash ?? "")).toBe(true);
  expect(JSON.stringify(stored)).not.toContain(stdout.trim().slice(20));
});

test("of a catalog of a version before, what was migrated is said, once", async () => {
  const database = await newCatalog();
  const client = createClient({ url: `file:${database}` });
  await client.executeMultiple(`DROP TABLE sessions; ALTER TABLE tokens DROP COLUMN expires_at_ms; ALTER TABLE tokens DROP COLUMN last_used_at_ms;
    DELETE FROM __drizzle_migrations WHERE created_at = (SELECT max(created_at) FROM __drizzle_migrations)`);
  client.close();
  const migrated = "queen: migrated for this version: 0007_sessions_and_use_of_tokens\n";
  expect((await run(database, "list")).stderr).toBe(`${migrated}queen: there are no tokens\n`);
  expect((await run(database, "list")).stderr).toBe("queen: there are no tokens\n");
});

test("makes, lists and revokes a hive's token, in words and in JSON", async () => {
  const database = await newCatalog();
  await using catalog = await HiveCatalog.open(database);
  await catalog.addHive(aHive({ id: "gpu-01" }));
  const made = await run(database, "create", "--name", "box", "--role", "hive", "--hive", "gpu-01", "--json");
  const { token, ...record } = JSON.parse(made.stdout);
  expect(`${token}\n`).toMatch(TOKEN);
  expect(record).toEqual({
    id: token.split("_")[1],
    name: "box",
    role: "hive",
    hive_id: "gpu-01",
    created_at_ms: expect.any(Number),
    expires_at_ms: null,
    revoked_at_ms: null,
    last_used_at_ms: null,
  });
  expect(made).toMatchObject({ exitCode: 0, stderr: "" });
  expect(await run(database, "revoke", record.id)).toEqual({
    exitCode: 0,
    namesCatalog: true,
    stdout: "",
    stderr: `queen: the token ${record.id} is revoked\n`,
  });
  const listed = await run(database, "list", "--json");
  expect(JSON.parse(listed.stdout)).toEqual({ tokens: [{ ...record, revoked_at_ms: expect.any(Number) }] });
  expect((await run(database, "list")).stdout).toMatch(
    new RegExp(
      `^ID +ROLE +HIVE +CREATED +EXPIRES +REVOKED +LAST USED +NAME\\n${record.id} +hive +gpu-01 +\\S+Z +\\S+Z +box\\n$`,
    ),
  );
  expect(await run(database, "revoke", record.id, "--json")).toEqual({
    exitCode: 1,
    namesCatalog: true,
    stdout: `{"id":"${record.id}","revoked":false}\n`,
    stderr: "",
  });
});

test("makes a token that expires, and shows when, and when it was last used", async () => {
  const database = await newCatalog();
  const beganAtMs = Date.now();
  const flags = ["--name", "guest", "--role", "reader", "--json", "--expires-in-days"];
  const made = JSON.parse((await run(database, "create", ...flags, "7")).stdout);
  expect(made.expires_at_ms - 7 * MS_PER_DAY - beganAtMs).toBeGreaterThanOrEqual(0);
  await using catalog = await HiveCatalog.open(database);
  expect(await catalog.tokens.get(made.id)).toMatchObject({ expiresAtMs: made.expires_at_ms });
  await catalog.tokens.used(new Map([[made.id, 1_761_040_800_000]]));
  const expiry = new Date(made.expires_at_ms).toISOString();
  expect((await run(database, "list")).stdout).toMatch(
    new RegExp(`^${made.id} +reader +\\S+Z +${expiry} +2025-10-21T10:00:00.000Z +guest$`, "m"),
  );
  for (const days of ["0", "-1", "soon", "1.5"]) {
    expect((await run(database, "create", ...flags, days)).exitCode, days).toBe(2);
  }
});

test("prune removes what was revoked or expired long enough ago, and says how many", async () => {
  const database = await newCatalog();
  let nowMs = Date.now() - 100 * MS_PER_DAY;
  await using catalog = await HiveCatalog.open(database, { now: () => nowMs });
  const hash = "0".repeat(64);
  for (const id of ["long-ago", "lately", "in-force"]) await catalog.tokens.add({ id, name: id, role: "reader", hash });
  await catalog.tokens.add({ id: "of-a-day", name: "CI", role: "reader", hash, expiresAtMs: nowMs + MS_PER_DAY });
  await catalog.tokens.revoke("long-ago");
  nowMs += 99 * MS_PER_DAY;
  await catalog.tokens.revoke("lately");

  const prune = (...args: string[]) => run(database, "prune", "--older-than-days", ...args);
  const done = { exitCode: 0, namesCatalog: true };
  expect(await prune("90")).toEqual({ ...done, stdout: "", stderr: "queen: 2 tokens are removed\n" });
  expect((await catalog.tokens.list()).map(({ id }) => id)).toEqual(["lately", "in-force"]);
  expect(await prune("0", "--json")).toEqual({ ...done, stdout: '{"removed":1}\n', stderr: "" });
  expect((await prune("0")).stderr).toBe("queen: 0 tokens are removed\n");
});

test("prune does not remove what keeps the door locked", async () => {
  const database = await newCatalog();
  await using catalog = await HiveCatalog.open(database);
  await catalog.tokens.add({ id: "last", name: "last", role: "operator", hash: "0".repeat(64) });
  await catalog.tokens.revoke("last");
  expect(await run(database, "prune", "--older-than-days", "0")).toEqual({
    exitCode: 1,
    namesCatalog: true,
    stdout: "",
    stderr:
      "queen: no token of an operator or a reader is in force: make one first, or a queen on loopback might let everybody in\n",
  });
  expect(await catalog.tokens.list()).toMatchObject([{ id: "last" }]);
});

test("shows an id of a hive that a terminal would obey as it is written in JSON", async () => {
  const database = await newCatalog();
  const sqlite = createClient({ url: `file:${database}` });
  const columns = "id, host, port, status, created_at_ms, updated_at_ms";
  await sqlite.execute({
    sql: `INSERT INTO hives (${columns}) VALUES (?, 'h', 1, 'unknown', 0, 0)`,
    args: ["\u001b[2J\nx"],
  });
  sqlite.close();
  const made = await run(database, "create", "--name", "odd", "--role", "hive", "--hive", "\u001b[2J\nx");
  expect(made.exitCode).toBe(0);
  expect((await run(database, "list")).stdout).toContain("hive  \\u001b[2J\\u000ax  ");
  const refused = await run(database, "create", "--name", "odd", "--role", "hive", "--hive", "\u009b\n");
  expect(refused).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(/^queen: HIVE_NOT_FOUND: [ -~]+\nqueen: add it first: [ -~]+\n$/),
  });
});

test.each([
  [["create", "--name", "ops", "--role", "operator"]],
  [["list"]],
  [["revoke", "0123456789abcdef"]],
  [["prune", "--older-than-days", "1"]],
])("%j finds no catalog where there is none, and makes none", async (argv) => {
  const path = await newPath();
  const ended = await run(path, ...argv);
  expect(ended).toMatchObject({ exitCode: 1, stdout: "" });
  expect(ended.stderr).toContain(`there is no catalog ${path}; check the path: a queen makes one when she starts`);
  expect(existsSync(path)).toBe(false);
});

const modeOf = (path: string) => statSync(path).mode & 0o777;

test("create --out writes the token alone to a new file that its owner alone can read, and prints it nowhere", async () => {
  const database = await newCatalog();
  const file = join(dirname(database), "ops.token");
  const created = await run(database, "create", "--name", "ops", "--role", "operator", "--out", file);
  const [token = "", id = ""] = TOKEN.exec(readFileSync(file, "utf8")) ?? [];
  expect(created).toMatchObject({ exitCode: 0, stdout: "", namesCatalog: true });
  expect(created.stderr).toMatch(new RegExp(`^queen: the token ${id} is in ${file}\n`));
  expect(modeOf(file)).toBe(0o600);
  await using catalog = await HiveCatalog.open(database);
  expect(hasHash(token.trim(), (await catalog.tokens.get(id))?.hash ?? "")).toBe(true);

  const asJson = join(dirname(database), "json.token");
  const { stdout } = await run(database, "create", "--name", "more", "--role", "reader", "--out", asJson, "--json");
  expect(readFileSync(asJson, "utf8")).toMatch(new RegExp(`^hq_${JSON.parse(stdout).id}_`));
  expect(JSON.parse(stdout)).not.toHaveProperty("token");
});

test("create --out leaves a file that is there as it is, and makes no token that nobody would have", async () => {
  const database = await newCatalog();
  const file = join(dirname(database), "ops.token");
  const create = (role: string, ...flags: string[]) => run(database, "create", "--name", "x", "--role", role, ...flags);
  await create("reader", "--out", file);
  const before = readFileSync(file, "utf8");
  expect((await create("reader", "--out", file)).stderr).toBe(
    `queen: --out ${file} is there already: choose a new file; no token was made\n`,
  );
  expect(readFileSync(file, "utf8")).toBe(before);
  expect(await create("reader", "--out", "/no/such/folder/token")).toMatchObject({
    exitCode: 1,
    stdout: "",
    stderr: expect.stringMatching(/^queen: --out \S+ cannot be written: ENOENT[^\n]+; no token was made\n$/),
  });
  const other = join(dirname(database), "other.token");
  expect(await create("hive", "--hive", "nobody", "--out", other)).toMatchObject({ exitCode: 1 });
  expect(existsSync(other)).toBe(false);
  await using catalog = await HiveCatalog.open(database);
  expect(await catalog.tokens.count()).toBe(1);
});

test("lists nothing where there is nothing", async () => {
  const database = await newCatalog();
  expect(await run(database, "list")).toEqual({
    exitCode: 0,
    namesCatalog: true,
    stdout: "",
    stderr: "queen: there are no tokens\n",
  });
  expect((await run(database, "list", "--json")).stdout).toBe('{"tokens":[]}\n');
});

test.each([
  [["create", "--role", "reader"], 2, "required option '--name <name>' not specified"],
  [["create", "--name", "x"], 2, "required option '--role <role>' not specified"],
  [
    ["create", "--name", "x", "--role", "king"],
    2,
    "Allowed choices are operator, reader, hive; --help shows what there is\n",
  ],
  [["create", "--name", "", "--role", "reader"], 2, "--name must be"],
  [["create", "--name", "x", "--role", "hive"], 2, "--hive is required for a token of the role hive\n"],
  [["create", "--name", "x", "--role", "reader", "--hive", "a"], 2, "--hive is only for a token of the role hive"],
  [["create", "--name", "x", "--role", "hive", "--hive", "a"], 1, "add it first: pnpm -s hivectl add ID --host HOST\n"],
  [["revoke", "0123456789abcdef"], 1, "no token 0123456789abcdef is in force: pnpm queen token list shows all\n"],
  [["revoke"], 2, "missing required argument 'id'"],
  [["prune"], 2, "required option '--older-than-days <days>' not specified"],
  [["prune", "--older-than-days", "soon"], 2, "It must be a whole number from 0 to 36500; --help shows"],
  [["prune", "--older-than-days", "-1"], 2, "It must be a whole number from 0 to 36500; --help shows"],
  [["list", "more"], 2, "too many arguments for 'list'"],
  [["lst"], 2, "unknown command 'lst' (Did you mean list?); --help shows what there is\n"],
  [["create", "--nmae", "x"], 2, "unknown option '--nmae' (Did you mean --name?); --help shows what there is\n"],
  [["list", "--database", "mysql://db"], 2, "--database (QUEEN_DATABASE) must be"],
] as const)("%j ends with %i, and says why on stderr alone", async (argv, exitCode, reason) => {
  const ended = await run(await newCatalog(), ...argv);
  expect(ended).toMatchObject({ exitCode, stdout: "" });
  expect(ended.stderr).toContain(`queen: ${/^(?:Allowed|It) /.test(reason) ? "option '--" : reason}`);
  expect(ended.stderr).toContain(reason);
});

test("create says of the first token that is not a hive's how many hives it keeps out, whatever hives have theirs", async () => {
  const database = await newCatalog();
  await using catalog = await HiveCatalog.open(database);
  for (const id of ["gpu-01", "gpu-02"]) await catalog.addHive(aHive({ id }));
  const first = await run(database, "create", "--name", "box", "--role", "hive", "--hive", "gpu-01");
  expect(first.stderr).not.toContain("locks");
  const { stderr } = await run(database, "create", "--name", "ops", "--role", "operator");
  expect(stderr).toMatch(/locks the queen: .*\nqueen: 1 of the hives have none: hivectl token create --role hive/);
});
