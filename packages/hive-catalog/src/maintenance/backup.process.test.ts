import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { CatalogFile, readSql, runSql } from "../../test/catalog-file.ts";
import { makeIndexStale, manyHives, overwritePage } from "../../test/large-catalog.ts";
import { startSqliteProcess, startWorker } from "../../test/processes.ts";
import { refusalOf } from "../../test/refusal.ts";
import { backupCatalog, type CopyProgress, catalogInfo, checkCatalog, restoreCatalog } from "../maintenance.ts";
import { temporaryFolder } from "../testing.ts";

/** A catalog with hives, and a place for its backup. */
async function catalogWith(count: number) {
  const file = await CatalogFile.migrated();
  file.run(manyHives(count));
  return Object.assign(file, { target: join(dirname(file.path), "backup.db") });
}

/** As if nobody had written it for more than an hour. */
function makeOld(path: string): void {
  const time = new Date(Date.now() - 61 * 60_000);
  utimesSync(path, time, time);
}

const namesBeside = (path: string) => readdirSync(dirname(path)).filter((name) => !name.startsWith("hives.db"));

test("a backup under write load has every hive that was acknowledged before it, and restored it is sound", async () => {
  await using folder = await temporaryFolder();
  const [path, target, restored] = ["hives.db", "backup.db", "restored.db"].map((name) => join(folder.path, name));
  if (!path || !target || !restored) throw new Error("three paths");
  await using adder = startWorker("adder", path);
  expect(await adder.nextLine()).toBe("ready");
  for (let round = 0; round < 3; round++) {
    const before = Number(await adder.ask("how many?"));
    const { hives } = await backupCatalog(path, target, { force: true });
    const after = Number(await adder.ask("how many?"));
    expect(after).toBeGreaterThan(before);
    // One more may be stored whose answer is on its way.
    expect(hives).toBeGreaterThanOrEqual(before);
    expect(hives).toBeLessThanOrEqual(after + 1);

    expect((await restoreCatalog(target, restored, { force: true })).hives).toBe(hives);
    expect(await checkCatalog(restored)).toMatchObject({ isSound: true, hives, pendingMigrations: [] });
    const ids = readSql(restored, "SELECT id FROM hives ORDER BY CAST(substr(id, 6) AS INTEGER)").flat();
    expect(ids).toEqual(Array.from({ length: hives }, (_, index) => `hive-${index}`));
  }
});

test("a backup of 20,000 hives tells its progress, which never shrinks and ends at the size of the backup", async () => {
  await using file = await catalogWith(20_000);
  let isSeenGrowing = false;
  // On a busy machine the copy may be done before this thread looks at it once.
  while (!isSeenGrowing) {
    const reports: CopyProgress[] = [];
    const onProgress = (report: CopyProgress) => reports.push(report);
    const result = await backupCatalog(file.path, file.target, { force: true, onProgress });
    expect(result).toMatchObject({ path: file.target, hives: 20_000, bytes: statSync(file.target).size });
    const bytes = reports.map((report) => report.bytes);
    expect(bytes).toEqual(bytes.toSorted((a, b) => a - b));
    for (const report of reports) expect(report.bytes).toBeLessThanOrEqual(report.totalBytes);
    expect(reports[0]?.bytes).toBe(0);
    expect(reports.at(-1)).toEqual({ bytes: result.bytes, totalBytes: result.bytes });
    isSeenGrowing = bytes.some((size) => size > 0 && size < result.bytes);
  }
});

test("a backup killed half way leaves no file under the final name, and one that comes an hour later clears away what it left", async () => {
  await using file = await catalogWith(20_000);
  await using killed = startWorker("killed-backup", file.path, file.target);
  await expect(killed.nextLine()).rejects.toThrow("ended (SIGKILL)");
  expect(existsSync(file.target)).toBe(false);
  const left = namesBeside(file.target);
  expect(left.length).toBeGreaterThan(0);
  for (const name of left) {
    expect(name).toMatch(/^backup\.db\.partial-[0-9a-f]{16}(?:-journal)?$/);
    makeOld(join(dirname(file.path), name));
  }
  expect((await backupCatalog(file.path, file.target)).hives).toBe(20_000);
  expect(namesBeside(file.target)).toEqual(["backup.db"]);
});

test("what a process is writing beside the target stays, one that cannot be seen from here too, and what is no copy of the target", async () => {
  await using file = await catalogWith(1);
  const written = ["backup.db.partial-0123abcd0123abcd", "backup.db.partial-999999-0123abcd"];
  const old = ["backup.db.partial-notes", "other.db.partial-0123abcd0123abcd"];
  const others = [...written, ...old];
  for (const name of others) writeFileSync(join(dirname(file.path), name), "");
  for (const name of old) makeOld(join(dirname(file.path), name));
  await backupCatalog(file.path, file.target);
  expect(namesBeside(file.target)).toEqual(["backup.db", ...others].sort());
});

test("a file that is there is never replaced without force, and with force only if it is a catalog", async () => {
  await using file = await catalogWith(3);
  writeFileSync(file.target, "my notes");
  expect((await refusalOf(backupCatalog(file.path, file.target))).code).toBe("INVALID_ARGUMENT");
  expect((await refusalOf(backupCatalog(file.path, file.target, { force: true }))).code).toBe("CATALOG_NOT_A_CATALOG");
  writeFileSync(file.target, "my notes".repeat(1000));
  expect((await refusalOf(backupCatalog(file.path, file.target, { force: true }))).code).toBe("CATALOG_NOT_A_CATALOG");
  expect(readFileSync(file.target, "utf8")).toBe("my notes".repeat(1000));
  expect(namesBeside(file.target)).toEqual(["backup.db"]);
  expect((await refusalOf(backupCatalog(file.path, dirname(file.path), { force: true }))).code).toMatch(
    /NOT_A_CATALOG/,
  );

  const other = join(dirname(file.path), "other.db");
  runSql(other, "CREATE TABLE invoices (id)");
  expect((await refusalOf(backupCatalog(file.path, other, { force: true }))).message).toContain("invoices");
  expect(readSql(other, "SELECT count(*) FROM invoices")).toEqual([[0]]);
});

test("force replaces an older backup, but not one that another process has open", async () => {
  await using file = await catalogWith(3);
  await backupCatalog(file.path, file.target);
  file.run("DELETE FROM hives WHERE id = 'hive-000001'");
  expect((await backupCatalog(file.path, file.target, { force: true })).hives).toBe(2);
  await using other = await startSqliteProcess(file.target);
  await other.run("PRAGMA journal_mode = WAL");
  expect(await other.run("SELECT count(*) FROM hives")).toEqual([[2]]);
  expect((await refusalOf(backupCatalog(file.path, file.target, { force: true }))).code).toBe("CATALOG_BUSY");
  expect(await other.run("SELECT count(*) FROM hives")).toEqual([[2]]);
});

test("another name of the backup that is replaced keeps the older one", async () => {
  await using file = await catalogWith(3);
  await backupCatalog(file.path, file.target);
  const monday = join(dirname(file.path), "monday.db");
  linkSync(file.target, monday);
  file.run("DELETE FROM hives WHERE id = 'hive-000001'");
  await backupCatalog(file.path, file.target, { force: true });
  expect(await checkCatalog(monday)).toMatchObject({ isSound: true, hives: 3 });
  expect(await checkCatalog(file.target)).toMatchObject({ isSound: true, hives: 2 });
});

test("through a symbolic link the file that it leads to is written, or replaced with force, and the link stays", async () => {
  await using file = await catalogWith(3);
  await using elsewhere = await temporaryFolder();
  const path = join(elsewhere.path, "real.db");
  symlinkSync(path, file.target);
  expect((await backupCatalog(file.path, file.target)).hives).toBe(3);
  expect((await refusalOf(backupCatalog(file.path, file.target))).code).toBe("INVALID_ARGUMENT");
  file.run("DELETE FROM hives WHERE id = 'hive-000001'");
  expect((await backupCatalog(file.path, file.target, { force: true })).path).toBe(path);
  expect(readlinkSync(file.target)).toBe(path);
  expect(await checkCatalog(path)).toMatchObject({ isSound: true, hives: 2 });
  expect(readdirSync(elsewhere.path)).toEqual(["real.db"]);
});

test("a file that appears at the target while the copy is made is not replaced", async () => {
  await using file = await catalogWith(3);
  const onProgress = () => writeFileSync(file.target, "somebody else's");
  expect((await refusalOf(backupCatalog(file.path, file.target, { onProgress }))).code).toBe("INVALID_ARGUMENT");
  expect(readFileSync(file.target, "utf8")).toBe("somebody else's");
  expect(namesBeside(file.target)).toEqual(["backup.db"]);
});

test("a copy that its disk spoils is no backup", async () => {
  await using file = await catalogWith(1000);
  const onProgress = ({ bytes, totalBytes }: CopyProgress) => {
    const [copy] = namesBeside(file.target);
    if (bytes === totalBytes && copy !== undefined) overwritePage(join(dirname(file.target), copy), "hives");
  };
  expect((await refusalOf(backupCatalog(file.path, file.target, { onProgress }))).code).toBe("CATALOG_CORRUPT");
  expect(namesBeside(file.target)).toEqual([]);
});

test("a backup that is stopped leaves nothing", async () => {
  await using file = await catalogWith(20_000);
  for (const minBytes of [0, 1]) {
    const stopping = new AbortController();
    const onProgress = ({ bytes }: CopyProgress) => bytes >= minBytes && stopping.abort();
    const stopped = await refusalOf(backupCatalog(file.path, file.target, { onProgress, signal: stopping.signal }));
    expect(stopped).toMatchObject({ code: "CATALOG_CLOSED", message: expect.stringContaining("stopped") });
  }
  expect(namesBeside(file.target)).toEqual([]);
});

test.each<[string, () => void]>([
  [
    "throws",
    () => {
      throw new Error("no terminal any more");
    },
  ],
  ["rejects", () => Promise.reject(new Error("no terminal any more"))],
])("a backup whose onProgress %s is made all the same, with a process warning", async (_how, onProgress) => {
  await using file = await catalogWith(3);
  const warned = once(process, "warning");
  expect((await backupCatalog(file.path, file.target, { onProgress })).hives).toBe(3);
  expect(await warned).toMatchObject([{ message: "no terminal any more" }]);
});

test("options that are no object are an INVALID_ARGUMENT", async () => {
  await using file = await catalogWith(1);
  const none = null as unknown as undefined;
  for (const call of [
    () => backupCatalog(file.path, file.target, none),
    () => restoreCatalog(file.path, file.target, none),
    () => checkCatalog(file.path, none),
    () => catalogInfo(file.path, none),
  ]) {
    expect(await refusalOf(call())).toMatchObject({ code: "INVALID_ARGUMENT", problems: [{ field: "options" }] });
  }
});

test("the catalog itself is no target, whatever its name", async () => {
  await using file = await catalogWith(3);
  const [hard, soft] = [`${file.target}-hard`, `${file.target}-soft`];
  linkSync(file.path, hard);
  symlinkSync(file.path, soft);
  for (const target of [file.path, hard, soft]) {
    const { code, message } = await refusalOf(backupCatalog(file.path, target, { force: true }));
    expect({ code, message }).toEqual({ code: "INVALID_ARGUMENT", message: expect.stringContaining("another file") });
  }
});

test.each([
  ["http://127.0.0.1:1", "b.db", "location"],
  [":memory:", "b.db", "location"],
  ["hives.db", "http://127.0.0.1:1", "target"],
  ["hives.db", ":memory:", "target"],
])("backing up %s to %s is an INVALID_ARGUMENT that says what must be a file", async (location, target, field) => {
  const error = await refusalOf(backupCatalog(location, target));
  expect(error).toMatchObject({ code: "INVALID_ARGUMENT", problems: [{ field }] });
});

test("a missing folder or catalog is named", async () => {
  await using file = await catalogWith(1);
  const nowhere = join(dirname(file.path), "nowhere", "backup.db");
  expect((await refusalOf(backupCatalog(file.path, nowhere))).message).toContain(dirname(nowhere));
  const none = await refusalOf(backupCatalog(nowhere, file.target));
  expect(none).toMatchObject({ code: "CATALOG_UNAVAILABLE", message: expect.stringContaining(nowhere) });
});

test.each([
  ["noise in an index", (path: string) => overwritePage(path, "sqlite_autoindex_hives_1")],
  ["an index that does not agree with its table", makeIndexStale],
])("a catalog with %s is not backed up: a copy of what is left of it would look sound", async (_what, spoil) => {
  await using file = await catalogWith(1000);
  const damaged = `${file.path}-copy`;
  await backupCatalog(file.path, damaged);
  spoil(damaged);
  const error = await refusalOf(backupCatalog(damaged, file.target));
  expect(error).toMatchObject({ code: "CATALOG_CORRUPT", message: expect.stringContaining("is damaged") });
  expect(namesBeside(file.target)).toEqual([]);
});

test("a backup is one file, with the permissions of the catalog, that nobody needs a -wal for", async () => {
  await using file = await catalogWith(3);
  chmodSync(file.path, 0o600);
  await backupCatalog(file.path, file.target);
  expect(statSync(file.target).mode & 0o777).toBe(0o600);
  expect(readSql(file.target, "PRAGMA journal_mode")).toEqual([["delete"]]);
  expect(namesBeside(file.target)).toEqual(["backup.db"]);
});
