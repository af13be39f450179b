import {
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { basename, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { CatalogFile, readSql, runSql } from "../../test/catalog-file.ts";
import { makeIndexStale, manyHives, overwritePage } from "../../test/large-catalog.ts";
import { startSqliteProcess, startWorker } from "../../test/processes.ts";
import { refusalOf } from "../../test/refusal.ts";
import { HiveCatalog } from "../index.ts";
import { backupCatalog, type CopyProgress, checkCatalog, restoreCatalog } from "../maintenance.ts";
import { folderInMemory } from "../testing.ts";

const made = await folderInMemory();
afterAll(() => made[Symbol.asyncDispose]());

/** A backup of a catalog with so many hives, made once. */
async function backupOf(count: number): Promise<string> {
  const backup = join(made.path, `${count}.db`);
  if (existsSync(backup)) return backup;
  await using file = await CatalogFile.migrated();
  file.run(manyHives(count));
  await backupCatalog(file.path, backup);
  return backup;
}

/** A copy of it, in a folder of its own. */
async function aBackup(count = 3) {
  const folder = await folderInMemory();
  const backup = join(folder.path, "backup.db");
  copyFileSync(await backupOf(count), backup);
  return {
    folder: folder.path,
    backup,
    path: join(folder.path, "hives.db"),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

const countIn = (path: string) => Number(readSql(path, "SELECT count(*) FROM hives")[0]?.[0]);
const leftBeside = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name !== "backup.db")
    .sort();

test("a restored catalog opens and has what the backup has; folders are made", async () => {
  await using site = await aBackup();
  const path = join(site.folder, "new", "data", "hives.db");
  expect(await restoreCatalog(site.backup, path)).toMatchObject({ path, hives: 3, bytes: statSync(path).size });
  await using catalog = await HiveCatalog.open(path);
  await using original = await HiveCatalog.open(site.backup);
  expect(await catalog.listHives()).toEqual(await original.listHives());
});

test("a hive that another program damaged is restored as it was", async () => {
  await using site = await aBackup();
  runSql(site.backup, "UPDATE hives SET status = CAST(x'ff41' AS TEXT) WHERE id = 'hive-000002'");
  expect((await restoreCatalog(site.backup, site.path)).hives).toBe(3);
  expect(readSql(site.path, "SELECT hex(status) FROM hives WHERE id = 'hive-000002'")).toEqual([["FF41"]]);
});

test("a catalog that is there stays without force", async () => {
  await using site = await aBackup();
  copyFileSync(site.backup, site.path);
  runSql(site.path, "DELETE FROM hives");
  expect((await refusalOf(restoreCatalog(site.backup, site.path))).code).toBe("INVALID_ARGUMENT");
  expect(countIn(site.path)).toBe(0);
  expect((await restoreCatalog(site.backup, site.path, { force: true })).hives).toBe(3);
  expect(countIn(site.path)).toBe(3);
  expect(leftBeside(site.folder)).toEqual(["hives.db"]);
});

test("a restore that is stopped leaves the catalog that was there, and nothing else", async () => {
  await using site = await aBackup(20_000);
  copyFileSync(site.backup, site.path);
  const before = readFileSync(site.path);
  for (const minBytes of [0, 1]) {
    const stopping = new AbortController();
    const onProgress = ({ bytes }: CopyProgress) => bytes >= minBytes && stopping.abort();
    const options = { force: true, onProgress, signal: stopping.signal };
    expect((await refusalOf(restoreCatalog(site.backup, site.path, options))).code).toBe("CATALOG_CLOSED");
    expect(readFileSync(site.path).equals(before)).toBe(true);
    expect(leftBeside(site.folder)).toEqual(["hives.db"]);
  }
});

const makeNewer = (path: string) =>
  runSql(
    path,
    "INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('later', 4102444800000)",
    "ALTER TABLE hives ADD COLUMN later TEXT",
  );

const BAD_BACKUPS: [string, (path: string) => void, string][] = [
  ["truncated", (path) => truncateSync(path, 20_000), "CATALOG_CORRUPT"],
  ["cut to its first bytes", (path) => truncateSync(path, 100), "CATALOG_CORRUPT"],
  ["with noise in its table", (path) => overwritePage(path, "hives"), "CATALOG_CORRUPT"],
  ["with noise in an index", (path) => overwritePage(path, "idx_hives_heartbeat"), "CATALOG_CORRUPT"],
  ["with an index that does not agree with its table", makeIndexStale, "CATALOG_CORRUPT"],
  ["with noise at its beginning", (path) => overwriteHeader(path), "CATALOG_NOT_A_CATALOG"],
  ["that is a text", (path) => writeFileSync(path, "hives\n".repeat(1000)), "CATALOG_NOT_A_CATALOG"],
  ["that is empty", (path) => truncateSync(path, 0), "CATALOG_NOT_A_CATALOG"],
  ["of another application", (path) => runSql(path, "ALTER TABLE hives RENAME TO bees"), "CATALOG_NOT_A_CATALOG"],
  ["of a newer version", makeNewer, "CATALOG_TOO_NEW"],
];

test.each(BAD_BACKUPS)("a backup %s is refused, and the catalog stays as it was", async (_what, spoil, code) => {
  await using site = await aBackup(1000);
  copyFileSync(site.backup, site.path);
  const before = readFileSync(site.path);
  spoil(site.backup);
  expect((await refusalOf(restoreCatalog(site.backup, site.path, { force: true }))).code).toBe(code);
  expect(readFileSync(site.path).equals(before)).toBe(true);
  expect(leftBeside(site.folder)).toEqual(["hives.db"]);
});

function overwriteHeader(path: string): void {
  const file = openSync(path, "r+");
  writeSync(file, Buffer.alloc(100, 0xa5), 0, 100, 0);
  closeSync(file);
}

test("a catalog that another process has open is refused, even if that process is idle", async () => {
  await using site = await aBackup();
  await using other = await startSqliteProcess(site.path);
  await other.run("PRAGMA journal_mode = WAL");
  await other.run("CREATE TABLE hives AS SELECT 1 AS id");
  const error = await refusalOf(restoreCatalog(site.backup, site.path, { force: true }));
  expect(error).toMatchObject({ code: "CATALOG_BUSY", message: expect.stringContaining("stop the queen") });
  expect(await other.run("SELECT count(*) FROM hives")).toEqual([[1]]);
});

test("a queen's catalog that is open is refused, and restored once that process is gone", async () => {
  await using site = await aBackup();
  {
    await using queen = startWorker("adder", site.path);
    await queen.nextLine();
    expect((await refusalOf(restoreCatalog(site.backup, site.path, { force: true }))).code).toBe("CATALOG_BUSY");
    expect(Number(await queen.ask("still adding?"))).toBeGreaterThan(0);
  }
  // It was killed: its last changes stand in a -wal, which must not be applied to the restored file.
  expect(statSync(`${site.path}-wal`).size).toBeGreaterThan(0);
  expect((await restoreCatalog(site.backup, site.path, { force: true })).hives).toBe(3);
  expect(leftBeside(site.folder)).toEqual(["hives.db"]);
  expect(await checkCatalog(site.path)).toMatchObject({ isSound: true, hives: 3 });
});

test("through a symbolic link the catalog that it leads to is replaced, with what stands beside it, and the link stays", async () => {
  await using site = await aBackup();
  const [link, path] = [site.path, join(site.folder, "real", "hives.db")];
  mkdirSync(join(site.folder, "real"));
  symlinkSync(path, link);
  {
    await using queen = startWorker("adder", link);
    await queen.nextLine();
    await queen.ask("adding?");
    await queen.kill();
  }
  expect(statSync(`${path}-wal`).size).toBeGreaterThan(0);
  expect((await restoreCatalog(site.backup, link, { force: true })).path).toBe(path);
  expect(readlinkSync(link)).toBe(path);
  expect(readdirSync(join(site.folder, "real"))).toEqual(["hives.db"]);
  expect(await checkCatalog(link)).toMatchObject({ isSound: true, hives: 3 });
});

test.each(["-wal", "-journal"])(
  "a %s without its file is somebody's changes: nothing is restored beside it",
  async (suffix) => {
    await using site = await aBackup();
    writeFileSync(site.path + suffix, "changes");
    const error = await refusalOf(restoreCatalog(site.backup, site.path, { force: true }));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", message: expect.stringContaining(site.path + suffix) });
    expect(leftBeside(site.folder)).toEqual([`hives.db${suffix}`]);
  },
);

test.each([
  ["truncated", (path: string) => truncateSync(path, 20_000)],
  ["full of noise", (path: string) => overwritePage(path, "hives")],
  ["empty", (path: string) => truncateSync(path, 0)],
  ["of a newer version", makeNewer],
])("a catalog that is %s is replaced with force", async (_what, spoil) => {
  await using site = await aBackup(1000);
  copyFileSync(site.backup, site.path);
  spoil(site.path);
  await restoreCatalog(site.backup, site.path, { force: true });
  expect(await checkCatalog(site.path)).toMatchObject({ isSound: true, hives: 1000 });
});

test("a file that cannot be locked, because its beginning is destroyed, stays, and the error says what to do", async () => {
  await using site = await aBackup();
  copyFileSync(site.backup, site.path);
  overwriteHeader(site.path);
  const before = readFileSync(site.path);
  const error = await refusalOf(restoreCatalog(site.backup, site.path, { force: true }));
  expect(error).toMatchObject({ code: "CATALOG_NOT_A_CATALOG", message: expect.stringContaining("move it away") });
  expect(readFileSync(site.path).equals(before)).toBe(true);
});

test("a process that opened the replaced file just before cannot write into the new one", async () => {
  await using site = await aBackup();
  copyFileSync(site.backup, site.path);
  await using late = await startSqliteProcess(site.path);
  await restoreCatalog(site.backup, site.path, { force: true });
  await expect(late.run("PRAGMA journal_mode = WAL")).rejects.toThrow("not a database");
  await expect(late.run("DELETE FROM hives")).rejects.toThrow("not a database");
  expect(leftBeside(site.folder)).toEqual(["hives.db"]);
  expect(await checkCatalog(site.path)).toMatchObject({ isSound: true, hives: 3 });
});

test("the restored catalog has the owner and the permissions of the one that it replaces", async () => {
  await using site = await aBackup();
  copyFileSync(site.backup, site.path);
  chmodSync(site.path, 0o640);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) chownSync(site.path, 12_345, 12_346);
  const { uid, gid } = statSync(site.path);
  await restoreCatalog(site.backup, site.path, { force: true });
  expect(statSync(site.path)).toMatchObject({ uid, gid });
  expect(statSync(site.path).mode & 0o777).toBe(0o640);
});

test("a catalog is not restored from itself, nor from a server or from nothing", async () => {
  await using site = await aBackup();
  const refused = async (backup: string, location: string) =>
    (await refusalOf(restoreCatalog(backup, location, { force: true }))).code;
  expect(await refused(site.backup, site.backup)).toBe("INVALID_ARGUMENT");
  expect(await refused("http://127.0.0.1:1", site.path)).toBe("INVALID_ARGUMENT");
  expect(await refused(site.backup, "http://127.0.0.1:1")).toBe("INVALID_ARGUMENT");
  expect(await refused(site.backup, ":memory:")).toBe("INVALID_ARGUMENT");
  expect(await refused(site.path, site.backup)).toBe("CATALOG_UNAVAILABLE");
  mkdirSync(site.path);
  expect(await refused(site.backup, site.path)).toBe("CATALOG_NOT_A_CATALOG");
});

/** Files of a catalog with 500 hives, of which the file itself still has 2,000: that they were removed stands in its -wal. */
async function filesOfKilledProcess(backup: string, folder: string) {
  const path = join(folder, "killed.db");
  copyFileSync(backup, path);
  runSql(path, "DELETE FROM hives WHERE id > 'hive-002000'");
  await using process = await startSqliteProcess(path);
  await process.run("PRAGMA journal_mode = WAL");
  await process.run("DELETE FROM hives WHERE id > 'hive-000500'");
  return ["", "-wal"].map((suffix) => ({ suffix, bytes: readFileSync(path + suffix) }));
}

test("killed before any removal or renaming of a file, a restore leaves the old catalog or the new one, whole", async () => {
  await using site = await aBackup(3000);
  await using elsewhere = await folderInMemory();
  const files = await filesOfKilledProcess(site.backup, elsewhere.path);
  const startRestore = () => {
    rmSync(`${site.path}-shm`, { force: true });
    for (const { suffix, bytes } of files) writeFileSync(site.path + suffix, bytes);
    return startWorker("halting-restore", site.backup, site.path);
  };
  const soundHivesIn = async (path: string) => {
    const check = await checkCatalog(path);
    expect(check).toMatchObject({ isSound: true });
    return check.hives;
  };
  const found: number[] = [];
  await using restoring = startRestore();
  for (let line = await restoring.nextLine(); line !== "done"; line = await restoring.ask("go on")) {
    expect(line).toBe("halted");
    // What a process that is killed now leaves.
    await using left = await folderInMemory();
    cpSync(site.folder, left.path, { recursive: true });
    // A -wal that is left beside the new file would be read as its own.
    if (!leftBeside(left.path).some((name) => name.includes(".partial-"))) {
      expect(leftBeside(left.path)).toEqual([basename(site.path)]);
    }
    found.push(await soundHivesIn(join(left.path, basename(site.path))));
  }
  expect(new Set([...found, await soundHivesIn(site.path)])).toEqual(new Set([500, 3000]));
  expect(found).toEqual(found.toSorted((a, b) => a - b));

  await using killed = startRestore();
  await killed.nextLine();
  for (let step = 1; step < found.length / 2; step++) await killed.ask("go on");
  await killed.kill();
  expect([500, 3000]).toContain(await soundHivesIn(site.path));
}, 60_000);
