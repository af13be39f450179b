import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { backupCatalog } from "../src/maintenance.ts";
import { CatalogFile } from "../test/catalog-file.ts";
import { manyHives } from "../test/large-catalog.ts";
import { copyText } from "./catalog-report.ts";
import { REPOSITORY_ROOT } from "./drizzle-kit.ts";
import { ending, startCommand } from "./repository-copy.ts";

type Call = Parameters<typeof startCommand>[1];

/** Runs `pnpm catalog …`. */
const catalog = (args: string[], env: NonNullable<Call>["env"] = {}) => ending(startCommand("catalog", { args, env }));

async function catalogWith(...statements: string[]) {
  const file = await CatalogFile.migrated();
  file.run(manyHives(3), ...statements);
  const backup = join(dirname(file.path), "backup.db");
  const restored = join(dirname(file.path), "restored", "hives.db");
  return Object.assign(file, { backup, restored, env: { QUEEN_DATABASE: file.path } });
}

test("backup, restore and check by the command line, with what QUEEN_DATABASE or --database names", async () => {
  await using file = await catalogWith();
  const { env, backup, restored } = file;
  expect(await catalog(["backup", backup], env)).toEqual({
    code: 0,
    // Where it takes more than two seconds, it has said how far it was: on stderr, of which each line may come first or last.
    output: expect.stringMatching(
      /^(?:backup: .*\n)*backed up 3 hives to .*backup\.db \(\d+ KiB, \d+ ms\)\n(?:backup: .*\n)*$/,
    ),
  });
  expect(await catalog(["restore", backup, "--database", restored], env)).toMatchObject({ code: 0 });
  const check = await catalog(["check", "--json"], { QUEEN_DATABASE: restored });
  expect(check.code).toBe(0);
  expect(JSON.parse(check.output)).toMatchObject({
    location: restored,
    is_sound: true,
    hives: 3,
    pending_migrations: [],
  });
});

test("each command has its own example, and a wrong call is told in one sentence", async () => {
  expect((await catalog(["restore", "--help"])).output).toContain(
    "Example: pnpm -s catalog restore /backup/hives.db\n",
  );
  expect(await catalog(["check", "more"])).toEqual({
    code: 2,
    output: expect.stringMatching(/Expected 0 arguments but got 1; --help shows what there is\n$/),
  });
});

test("one hive is one", () => {
  const copied = copyText("backed up", { path: "a.db", hives: 1, bytes: 4096, durationMs: 2 });
  expect(copied).toBe("backed up 1 hive to a.db (4 KiB, 2 ms)");
});

test("what the system refuses is told with the file or folder that it is about", async () => {
  await using file = await catalogWith();
  const refused = await catalog(["backup", join(file.path, "backup.db")], file.env);
  expect(refused.code).toBe(1);
  expect(refused.output).toContain(`CATALOG_UNAVAILABLE: a part of the path is no folder (ENOTDIR: ${file.path}`);
});

test("a folder that no folder can be made in is told, and not tried for ever", async () => {
  await using file = await catalogWith();
  await backupCatalog(file.path, file.backup);
  const refused = await catalog(["restore", file.backup, "--database", "/proc/nosuch/deep/hives.db"]);
  expect(refused.code).toBe(1);
  expect(refused.output).toMatch(/CATALOG_(?:UNAVAILABLE|READ_ONLY): .*: \/proc\/nosuch\)\n$/);
});

test("a target that is there is a wrong call: exit code 2, and --force is the way", async () => {
  await using file = await catalogWith();
  writeFileSync(file.backup, "");
  const refused = await catalog(["backup", file.backup], file.env);
  expect(refused).toEqual({
    code: 2,
    output: expect.stringMatching(/INVALID_ARGUMENT: the file \S+ is there already: --force replaces it/),
  });
  expect(readFileSync(file.backup, "utf8")).toBe("");
  expect(await catalog(["backup", file.backup, "--force"], file.env)).toMatchObject({ code: 0 });
});

test("a backup that is not there is called one, and its path is to be checked", async () => {
  await using file = await catalogWith();
  const refused = await catalog(["restore", join(file.path, "..", "nosuch.db"), "--force"], file.env);
  expect(refused).toEqual({
    code: 1,
    output: expect.stringMatching(/there is no backup \S+nosuch\.db; check the path\n$/),
  });
});

test("check of a damaged catalog lists the damage, says what to do, and exits with 1", async () => {
  await using file = await catalogWith(
    "UPDATE hives SET port = 0 WHERE id = 'hive-000002'",
    "UPDATE hives SET id = x'ff' WHERE id = 'hive-000003'",
    "DROP INDEX idx_hives_heartbeat",
    "INSERT INTO cordons VALUES ('hive-000001', x'00', NULL, 1)",
  );
  const { code, output } = await catalog(["check"], file.env);
  expect(code).toBe(1);
  expect(output).toContain("damaged hive 'hive-000002': port must be an integer from 1 to 65535");
  expect(output).toContain("missing: index idx_hives_heartbeat");
  expect(output).toContain("what to do: mend damaged hives");
  const [statement = ""] = /DELETE FROM hives WHERE rowid IN \(3\)/.exec(output) ?? [];
  file.run(statement);
  expect(JSON.parse((await catalog(["check", "--json"], file.env)).output)).toMatchObject({
    damage: [{ id: "hive-000002", row_id: "2", column: "port" }],
  });
  expect(output).toContain("damaged row 'hive-000001' of cordons: reason must be a text");
  expect(output).toContain("NOT sound: 3 hives read, 2 damaged; 1 other record, 1 damaged");
});

test("a restore over a catalog that is in use fails with CATALOG_BUSY and exit code 1, as JSON too", async () => {
  await using file = await catalogWith();
  await backupCatalog(file.path, file.backup);
  await using open = await file.open();
  const { code, output } = await catalog(["restore", file.backup, "--force", "--json"], file.env);
  expect(code).toBe(1);
  expect(output).toContain('{"error":{"code":"CATALOG_BUSY"');
  expect(await open.countHives()).toBe(3);
});

/** Sends SIGINT to a process when it makes the file that it copies into. */
const INTERRUPTED = `
  import fs from "node:fs/promises";
  import { syncBuiltinESMExports } from "node:module";
  const { open } = fs;
  fs.open = (path, ...rest) => {
    if (!path.includes(".partial-")) return open(path, ...rest);
    fs.open = open;
    syncBuiltinESMExports();
    process.kill(process.pid, "SIGINT");
    return open(path, ...rest);
  };
  syncBuiltinESMExports();`;

test("SIGINT stops a backup and a restore: exit code 130, and nothing is left", async () => {
  await using file = await catalogWith();
  await backupCatalog(file.path, file.backup);
  const target = join(dirname(file.restored), "another.db");
  mkdirSync(dirname(target));
  const env = { ...file.env, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(INTERRUPTED)}` };
  for (const args of [
    ["backup", target],
    ["restore", file.backup, "--database", target],
  ]) {
    expect(await catalog(args, env)).toEqual({ code: 130, output: expect.stringContaining("CATALOG_CLOSED") });
    expect(readdirSync(dirname(target))).toEqual([]);
  }
});

test("info shows the catalog at a glance", async () => {
  await using file = await catalogWith();
  const { code, output } = await catalog(["--", "info"], file.env);
  expect(code).toBe(0);
  expect(output).toMatch(/^hives +3: 3 online, 0 offline, 0 unknown$/m);
  expect(output).toMatch(
    /^records +0 cordons, 0 tokens, 0 sessions, 0 operations, 0 host_keys, 0 queens, 0 hive_labels, 0 hive_gpus$/m,
  );
  expect(output).toMatch(/^oldest beat +2025-10-21T10:00:00\.001Z$/m);
  expect(output).toMatch(
    /^migrations +0000_create_hives, 0001_keyset_indexes, 0002_\w+, 0003_revisions_and_retention, 0004_queens, 0005_\w+, 0006_\w+, 0007_\w+$/m,
  );
});

test("info says that a status is damaged, and what names the hive", async () => {
  await using file = await catalogWith();
  file.run("UPDATE hives SET status = 'maybe' WHERE id = (SELECT min(id) FROM hives)");
  const { code, output } = await catalog(["info"], file.env);
  expect(code).toBe(0);
  expect(output).toMatch(
    /^hives +3: 2 online, 0 offline, 0 unknown, 1 with a damaged status: run pnpm catalog check$/m,
  );
});

test("info of nothing fails, and makes nothing", async () => {
  await using file = await CatalogFile.create();
  expect(await catalog(["info"], { QUEEN_DATABASE: file.path })).toMatchObject({ code: 1 });
  expect(existsSync(file.path)).toBe(false);
});

test.each([[[]], [["backup"]], [["nonsense"]], [["check", "--forse"]]])(
  "catalog %j is a wrong call: exit code 2",
  async (args) => {
    expect((await catalog(args)).code).toBe(2);
  },
);

test("help names the exit codes, and shows no secret of the location", async () => {
  const { code, output } = await catalog(["backup", "--help"], {
    QUEEN_DATABASE: "libsql://host.test/?authToken=secret",
  });
  expect(code).toBe(0);
  expect(output).toContain("Exit codes: 0 done and sound, 1 failed or damage found, 2 called wrongly");
  expect(output).not.toContain("secret");
});

// What else is no location, and is shown nowhere, is told by location.test.ts.
test("a location that is none is refused by exit code 2, and its secret is shown nowhere", async () => {
  const odd = " file:hives.db?authToken=secret";
  const calls = [
    catalog(["info", "--help"], { QUEEN_DATABASE: odd }),
    catalog(["info", "--json"], { QUEEN_DATABASE: odd }),
    catalog(["check", "--database", odd]),
  ];
  const ends = await Promise.all(calls);
  expect(ends.map(({ code }) => code)).toEqual([0, 2, 2]);
  for (const { output } of ends) expect(output).not.toContain("secret");
});

test.each([
  ["a disk that is full", 'exec "$@" > /dev/full', /^catalog: stdout cannot be written: ENOSPC[^\n]*\n$/],
  ["one who reads no further", '"$@" | true', /^$/],
])("what %s does not take ends in no trace of a stack", async (_whom, script, said) => {
  await using file = await catalogWith();
  const program = [process.execPath, "scripts/run.js", "packages/hive-catalog/scripts/catalog.ts", "info"];
  const options = { cwd: REPOSITORY_ROOT, env: { ...process.env, ...file.env }, encoding: "utf8" as const };
  expect(spawnSync("sh", ["-c", script, "sh", ...program], options).stderr).toMatch(said);
});
