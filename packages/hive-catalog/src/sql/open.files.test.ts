import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CatalogFile, leaveJournal, leaveWal, SPECIFICATION_DDL } from "../../test/catalog-file.ts";
import { refusalOf } from "../../test/refusal.ts";
import { HiveCatalog } from "../catalog.ts";
import { checkCatalog } from "../maintenance/check.ts";
import { aHive, temporaryFolder } from "../testing.ts";

test("a -wal without its file is CATALOG_CORRUPT, and is kept", async () => {
  await using folder = await temporaryFolder();
  const [path, gone] = [join(folder.path, "hives.db"), join(folder.path, "gone.db")];
  leaveWal(path, gone, SPECIFICATION_DDL);
  const wal = readFileSync(`${gone}-wal`);
  for (const makeIt of [() => truncateSync(gone, 0), () => undefined]) {
    makeIt();
    const error = await refusalOf(HiveCatalog.open(gone));
    expect(error.code).toBe("CATALOG_CORRUPT");
    expect(error.message).toContain(`${gone}-wal`);
    expect(readFileSync(`${gone}-wal`).equals(wal)).toBe(true);
  }
});

test("a -wal whose file was deleted is CATALOG_CORRUPT: no new file is made", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "hives.db");
  writeFileSync(`${path}-wal`, "committed pages");
  expect((await refusalOf(HiveCatalog.open(path))).code).toBe("CATALOG_CORRUPT");
  expect(existsSync(path)).toBe(false);
  expect(readFileSync(`${path}-wal`, "utf8")).toBe("committed pages");
});

test("a -wal whose file is gone is kept, also when a symbolic link leads to where that was", async () => {
  await using folder = await temporaryFolder();
  const [path, link] = [join(folder.path, "real.db"), join(folder.path, "hives.db")];
  writeFileSync(`${path}-wal`, "committed pages");
  symlinkSync(path, link);
  expect((await refusalOf(HiveCatalog.open(link))).code).toBe("CATALOG_CORRUPT");
  expect(readFileSync(`${path}-wal`, "utf8")).toBe("committed pages");
});

test("a change that another program left half done in its -journal is undone when the catalog is opened, and until then it is said what is there", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "hives.db");
  const added = "INSERT INTO hives (id, host, port, created_at_ms, updated_at_ms) VALUES ('a', 'h', 1, 0, 0)";
  leaveJournal(join(folder.path, "other.db"), path, SPECIFICATION_DDL, added);
  const error = await refusalOf(checkCatalog(path));
  expect(error).toMatchObject({ code: "CATALOG_UNAVAILABLE", message: expect.stringContaining("half done") });
  expect(existsSync(`${path}-journal`)).toBe(true);
  await using catalog = await HiveCatalog.open(path);
  expect((await catalog.listHives()).map(({ id }) => id)).toEqual(["a"]);
  expect(existsSync(`${path}-journal`)).toBe(false);
});

test("a folder is CATALOG_NOT_A_CATALOG", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "hives.db");
  mkdirSync(path);
  const error = await refusalOf(HiveCatalog.open(path));
  expect(error.code).toBe("CATALOG_NOT_A_CATALOG");
  expect(error.message).toContain("folder");
});

test.each([
  ["a short text", "x"],
  ["a text", "host,port\nlocalhost,8600\n".repeat(500)],
  ["a text that begins like an SQLite file", "SQLite format 4\0 and so on"],
  ["noise", Buffer.from(Array.from({ length: 8192 }, (_, i) => (i * 7919) % 251))],
])("a file of %s is CATALOG_NOT_A_CATALOG and stays byte for byte", async (_name, content) => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "hives.db");
  writeFileSync(path, content);
  expect((await refusalOf(HiveCatalog.open(path))).code).toBe("CATALOG_NOT_A_CATALOG");
  expect(readFileSync(path)).toEqual(Buffer.from(content));
});

test.each([
  ["zero bytes", true],
  ["no file", false],
])("%s is a new catalog", async (_name, make) => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "hives.db");
  if (make) writeFileSync(path, "");
  await using catalog = await HiveCatalog.open(path);
  await catalog.addHive(aHive());
  expect(await catalog.listHives()).toEqual([aHive()]);
});

/** A sound catalog of many pages, closed. */
function largeFile(): Promise<CatalogFile> {
  const rows = `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999)
    INSERT INTO hives SELECT 'hive-' || i, 'h', 1, NULL, NULL, NULL, 'online', NULL, NULL, 0, 0 FROM n`;
  return CatalogFile.create("PRAGMA journal_mode = WAL", SPECIFICATION_DDL, rows);
}

const noise = (length: number) => Buffer.from(Array.from({ length }, (_, i) => (i * 7919 + 13) % 251));

test.each<[string, (bytes: Buffer) => Buffer]>([
  ["cut in half", (bytes) => bytes.subarray(0, bytes.length / 2)],
  ["cut within its first page", (bytes) => bytes.subarray(0, 1000)],
  ["cut to its magic", (bytes) => bytes.subarray(0, 16)],
  [
    "with noise in its first page",
    (bytes) => Buffer.concat([bytes.subarray(0, 100), noise(3996), bytes.subarray(4096)]),
  ],
  [
    "whose first page says that there are no tables",
    (bytes) =>
      Buffer.concat([
        bytes.subarray(0, 100),
        Buffer.of(13, 0, 0, 0, 0, 16, 0, 0),
        Buffer.alloc(3988),
        bytes.subarray(4096),
      ]),
  ],
])("a catalog %s is CATALOG_CORRUPT and stays byte for byte", async (_name, damage) => {
  await using file = await largeFile();
  const damaged = Buffer.from(damage(readFileSync(file.path)));
  writeFileSync(file.path, damaged);
  expect((await refusalOf(HiveCatalog.open(file.path))).code).toBe("CATALOG_CORRUPT");
  expect((await refusalOf(checkCatalog(file.path))).code).toBe("CATALOG_CORRUPT");
  expect(readFileSync(file.path).equals(damaged)).toBe(true);
});

test.each([
  ["whose tables were dropped", ["CREATE TABLE notes (note)", "DROP TABLE notes"]],
  [
    "that shrinks by itself, and whose tables were dropped",
    ["PRAGMA auto_vacuum = INCREMENTAL", "CREATE TABLE notes (note)", "DROP TABLE notes"],
  ],
  ["with a table of a tool alone", ["CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER)"]],
])("a file %s becomes a catalog", async (_name, statements) => {
  await using file = await CatalogFile.create(...statements);
  await using catalog = await file.open();
  expect(await catalog.countHives()).toBe(0);
});

test("a catalog with noise in its header passes for no catalog, and stays byte for byte", async () => {
  await using file = await largeFile();
  const bytes = readFileSync(file.path);
  const damaged = Buffer.concat([bytes.subarray(0, 16), noise(84), bytes.subarray(100)]);
  writeFileSync(file.path, damaged);
  expect((await refusalOf(HiveCatalog.open(file.path))).code).toMatch(/^CATALOG_(?:CORRUPT|NOT_A_CATALOG)$/);
  expect(readFileSync(file.path).equals(damaged)).toBe(true);
});

test("noise in the pages of the table is CATALOG_CORRUPT when it is opened or when it is read, never a raw error", async () => {
  await using file = await largeFile();
  const bytes = readFileSync(file.path);
  writeFileSync(file.path, Buffer.concat([bytes.subarray(0, 4096), noise(bytes.length - 4096)]));
  const read = async () => {
    await using catalog = await HiveCatalog.open(file.path);
    await catalog.listHives();
  };
  expect((await refusalOf(read())).code).toBe("CATALOG_CORRUPT");
});

test("a special file is CATALOG_NOT_A_CATALOG", async () => {
  expect((await refusalOf(HiveCatalog.open("/dev/null"))).code).toBe("CATALOG_NOT_A_CATALOG");
});

test("a parent that is a file is refused with a CATALOG_ code", async () => {
  await using folder = await temporaryFolder();
  writeFileSync(join(folder.path, "file"), "x");
  const error = await refusalOf(HiveCatalog.open(join(folder.path, "file", "hives.db")));
  expect(error.code).toMatch(/^CATALOG_/);
});

test("a path whose links lead in a circle, and one with a name that is too long, are errors of the catalog", async () => {
  await using folder = await temporaryFolder();
  const [one, other] = [join(folder.path, "one.db"), join(folder.path, "other.db")];
  symlinkSync(one, other);
  symlinkSync(other, one);
  for (const path of [one, join(folder.path, "x".repeat(300))]) {
    expect((await refusalOf(HiveCatalog.open(path))).code).toBe("CATALOG_UNAVAILABLE");
  }
});

test("a catalog that has other names is opened with a warning: its -wal is not seen by them", async () => {
  await using file = await CatalogFile.create();
  await (await file.open()).close();
  const other = `${file.path}.snapshot`;
  linkSync(file.path, other);
  const { warnings } = await file.open();
  expect(warnings).toEqual([expect.stringMatching(/hives\.db has 2 names \(hard links\)/)]);
  unlinkSync(other);
  expect((await file.open()).warnings).toEqual([]);
});
