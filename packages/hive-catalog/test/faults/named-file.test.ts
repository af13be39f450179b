import { copyFileSync, mkdirSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { mountAlso } from "@repo/test-support/mount";
import { expect, onTestFinished, test, vi } from "vitest";
import { HiveCatalog } from "../../src/index.ts";
import { backupCatalog, checkCatalog } from "../../src/maintenance.ts";
import { aHive, temporaryFolder } from "../../src/testing.ts";
import { readSql } from "../catalog-file.ts";
import { startSqliteProcess, startWorker } from "../processes.ts";
import { refusalOf } from "../refusal.ts";

const CHANGES: ((catalog: HiveCatalog) => Promise<unknown>)[] = [
  (catalog) => catalog.addHive(aHive({ id: "new" })),
  (catalog) => catalog.patchHive("a", { port: 1 }),
  (catalog) => catalog.updateHeartbeat("a", 9),
  (catalog) => Promise.all(["a", "b"].map((id) => catalog.updateHeartbeat(id, 9))),
  (catalog) => catalog.removeHive("a"),
  (catalog) => catalog.cordons.set("a", { reason: "fans" }),
  (catalog) => catalog.checkWritable(),
];

/** A catalog with two hives, and a copy of it. */
async function aSite() {
  const folder = await temporaryFolder();
  const [path, copy, aside] = ["hives.db", "copy.db", "aside.db"].map((name) => join(folder.path, name)) as [
    string,
    string,
    string,
  ];
  const catalog = await HiveCatalog.open(path);
  for (const id of ["a", "b"]) await catalog.addHive(aHive({ id }));
  await backupCatalog(path, copy);
  return {
    folder: folder.path,
    path,
    copy,
    aside,
    catalog,
    [Symbol.asyncDispose]: async () => {
      await catalog.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

type Site = Awaited<ReturnType<typeof aSite>>;

/** As if nothing had changed in a folder for an hour, which the catalog then notes: one look at it is enough from then on. */
async function growOld(folder: string, catalog: HiveCatalog): Promise<void> {
  const past = new Date(Date.now() - 3_600_000);
  utimesSync(folder, past, past);
  await catalog.checkWritable();
}

const WAYS: [string, (site: Site) => void][] = [
  ["removed", ({ path }) => rmSync(path)],
  ["renamed", ({ path, aside }) => renameSync(path, aside)],
  ["replaced by another one", ({ path, copy }) => renameSync(copy, path)],
  ["replaced by an empty one", ({ path }) => [rmSync(path), writeFileSync(path, "")]],
];

test.each(WAYS)(
  "a catalog whose file was %s takes no change any more, says why, and is still read",
  async (_how, lose) => {
    await using site = await aSite();
    lose(site);
    for (const change of CHANGES) {
      const { code, message } = await refusalOf(change(site.catalog));
      expect({ code, message }).toEqual({ code: "CATALOG_UNAVAILABLE", message: expect.stringContaining(site.path) });
      expect(message).toContain("removed, renamed or replaced");
    }
    expect((await site.catalog.listHives()).map(({ id }) => id)).toEqual(["a", "b"]);
  },
);

test.each(WAYS)("the same of one whose file was %s long after it was opened", async (_how, lose) => {
  await using site = await aSite();
  await growOld(site.folder, site.catalog);
  lose(site);
  for (const change of CHANGES) {
    expect(await refusalOf(change(site.catalog))).toMatchObject({ code: "CATALOG_UNAVAILABLE" });
  }
  expect((await site.catalog.listHives()).map(({ id, port }) => `${id} ${port}`)).toEqual(["a 8600", "b 8600"]);
});

test("a catalog whose file is put back takes changes again", async () => {
  await using site = await aSite();
  renameSync(site.path, site.aside);
  await refusalOf(site.catalog.removeHive("a"));
  renameSync(site.aside, site.path);
  await site.catalog.checkWritable();
  expect(await site.catalog.removeHive("a")).toBe(true);
  expect(readSql(site.path, "SELECT id FROM hives")).toEqual([["b"]]);
});

test.each(["-wal", "-shm"])("a catalog whose %s was removed takes no change any more, and says why", async (suffix) => {
  await using site = await aSite();
  rmSync(site.path + suffix);
  for (const change of CHANGES) {
    const { code, message } = await refusalOf(change(site.catalog));
    expect({ code, message }).toEqual({
      code: "CATALOG_UNAVAILABLE",
      message: expect.stringContaining(`${site.path}${suffix} is not the file`),
    });
    expect(message).toContain("start the program anew");
  }
  expect((await site.catalog.listHives()).map(({ id }) => id)).toEqual(["a", "b"]);
});

test("a catalog whose -wal or -shm was changed for another one long after it was opened takes no change any more", async () => {
  for (const suffix of ["-wal", "-shm"]) {
    await using site = await aSite();
    await growOld(site.folder, site.catalog);
    renameSync(site.path + suffix, site.aside);
    copyFileSync(site.aside, site.path + suffix);
    expect(await refusalOf(site.catalog.removeHive("a"))).toMatchObject({ code: "CATALOG_UNAVAILABLE" });
  }
});

test("the same within a second where a folder keeps its time when a name in it changes, as on exFAT by FUSE", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  onTestFinished(() => void vi.useRealTimers());
  for (const suffix of ["-wal", "-shm"]) {
    await using site = await aSite();
    await growOld(site.folder, site.catalog);
    const { mtime } = statSync(site.folder);
    rmSync(site.path + suffix);
    utimesSync(site.folder, mtime, mtime);
    vi.advanceTimersByTime(1000);
    expect(await refusalOf(site.catalog.checkWritable())).toMatchObject({ code: "CATALOG_UNAVAILABLE" });
  }
});

test.each([
  ["removed", (path: string) => rmSync(path)],
  ["renamed", (path: string) => renameSync(path, `${path}.aside`)],
])("what was acknowledged before the -wal was %s is in the file once a change was refused", async (_how, lose) => {
  await using site = await aSite();
  lose(`${site.path}-wal`);
  await refusalOf(site.catalog.checkWritable());
  // As a new program finds it after this one was killed.
  copyFileSync(site.path, site.aside);
  expect(readSql(site.aside, "SELECT id FROM hives ORDER BY id")).toEqual([["a"], ["b"]]);
});

test("what another program stores while the -shm is a new one is kept by a catalog that was open before, and by its closing", async () => {
  await using site = await aSite();
  rmSync(`${site.path}-shm`);
  {
    await using other = await startSqliteProcess(site.path);
    await other.run("UPDATE hives SET port = 77");
  }
  await refusalOf(site.catalog.addHive(aHive({ id: "c" })));
  await site.catalog.close();
  await using later = await startSqliteProcess(site.path);
  expect(await later.run("SELECT id, port FROM hives ORDER BY id")).toEqual([
    ["a", 77],
    ["b", 77],
  ]);
});

test("what another program stores while the -shm is a new one outlives a program that closes its catalog and comes to its end", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "hives.db");
  await using closing = startWorker("closing", path);
  await closing.nextLine();
  rmSync(`${path}-shm`);
  {
    await using other = await startSqliteProcess(path);
    await other.run("UPDATE hives SET port = 77");
  }
  expect(await closing.ask("close")).toBe("CATALOG_UNAVAILABLE");
  await expect(closing.nextLine()).rejects.toThrow("closing ended (7)");
  await using later = await startSqliteProcess(path);
  expect(await later.run("SELECT id, port FROM hives")).toEqual([["a", 77]]);
});

test("a catalog that another program folds its -wal into takes changes on", async () => {
  await using site = await aSite();
  {
    await using other = await startSqliteProcess(site.path);
    await other.run("PRAGMA wal_checkpoint(TRUNCATE)");
    await other.run("VACUUM");
  }
  await site.catalog.checkWritable();
  expect(await site.catalog.removeHive("a")).toBe(true);
});

test("a catalog whose symbolic link leads to another file takes no change any more", async () => {
  for (const isOld of [false, true]) {
    await using site = await aSite();
    const link = join(site.folder, "folder of the link", "link.db");
    mkdirSync(dirname(link));
    symlinkSync(site.path, link);
    await using catalog = await HiveCatalog.open(link);
    if (isOld) await growOld(site.folder, catalog);
    rmSync(link);
    symlinkSync(site.copy, link);
    for (const id of ["d", "e"]) {
      expect(await refusalOf(catalog.addHive(aHive({ id })))).toMatchObject({ code: "CATALOG_UNAVAILABLE" });
    }
    expect(await catalog.hiveExists("e")).toBe(false);
  }
});

test("of the hives that are added while the file is renamed, those that were acknowledged are in it", async () => {
  await using site = await aSite();
  const acknowledged: string[] = [];
  const add = async (index: number) => {
    const { id } = await site.catalog.addHive(aHive({ id: `hive-${index}` }));
    acknowledged.push(id);
    if (acknowledged.length === 20) renameSync(site.path, site.aside);
  };
  const results = await Promise.allSettled(Array.from({ length: 40 }, (_, index) => add(index)));
  await site.catalog.close();
  renameSync(`${site.path}-wal`, `${site.aside}-wal`);
  const stored = readSql(site.aside, "SELECT id FROM hives").flat();
  expect(stored).toEqual(expect.arrayContaining(acknowledged));
  expect(acknowledged).toHaveLength(20);
  expect(results.filter(({ status }) => status === "rejected")).toHaveLength(20);
});

test("a catalog that is closed after its file was replaced leaves the new one as it is", async () => {
  await using site = await aSite();
  renameSync(site.copy, site.path);
  await using other = await startSqliteProcess(site.path);
  await other.run("PRAGMA journal_mode = WAL");
  await other.run("PRAGMA wal_autocheckpoint = 0");
  await other.run("UPDATE hives SET port = 77");
  await site.catalog.close();
  expect(await other.run("SELECT DISTINCT port FROM hives")).toEqual([[77]]);
  expect(await checkCatalog(site.path)).toMatchObject({ isSound: true, hives: 2 });
});

test("a file that is mounted alone is opened with a warning; removed where it came from, it takes no change any more", async () => {
  await using folder = await temporaryFolder();
  const [source, path] = [join(folder.path, "elsewhere", "source.db"), join(folder.path, "hives.db")];
  mkdirSync(dirname(source));
  {
    await using catalog = await HiveCatalog.open(source);
    expect(catalog.warnings).toEqual([]);
  }
  writeFileSync(path, "", { mode: 0o600 });
  using _mount = mountAlso(source, path);
  await using catalog = await HiveCatalog.open(path);
  expect(catalog.warnings).toEqual([expect.stringMatching(/hives\.db is mounted alone.*mount the folder/)]);
  await catalog.addHive(aHive());
  await growOld(folder.path, catalog);
  rmSync(source);
  const removing = () => refusalOf(catalog.removeHive(aHive().id));
  // Of the first one it is seen only once it was made.
  expect(await removing()).toMatchObject({ code: "CATALOG_OUTCOME_UNKNOWN" });
  expect(await removing()).toMatchObject({ code: "CATALOG_UNAVAILABLE" });
});

test("a catalog whose folder is mounted is opened without a warning", async () => {
  await using folder = await temporaryFolder();
  const [source, path] = ["source", "a folder"].map((name) => join(folder.path, name)) as [string, string];
  await (await HiveCatalog.open(join(source, "hives.db"))).close();
  await (await HiveCatalog.open(join(path, "other.db"))).close();
  using mounted = mountAlso(source, path);
  await using catalog = await HiveCatalog.open(join(mounted.path, "hives.db"));
  expect(catalog.warnings).toEqual([]);
});
