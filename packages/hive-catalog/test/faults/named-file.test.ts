import { renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mountAlso } from "@repo/test-support/mount";
import { expect, test } from "vitest";
import { HiveCatalog } from "../../src/index.ts";
import { backupCatalog, checkCatalog } from "../../src/maintenance.ts";
import { aHive, temporaryFolder } from "../../src/testing.ts";
import { readSql } from "../catalog-file.ts";
import { startSqliteProcess } from "../processes.ts";
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

test("a catalog whose file is put back takes changes again", async () => {
  await using site = await aSite();
  renameSync(site.path, site.aside);
  await refusalOf(site.catalog.removeHive("a"));
  renameSync(site.aside, site.path);
  await site.catalog.checkWritable();
  expect(await site.catalog.removeHive("a")).toBe(true);
  expect(readSql(site.path, "SELECT id FROM hives")).toEqual([["b"]]);
});

test("a catalog whose symbolic link leads to another file takes no change any more", async () => {
  await using site = await aSite();
  const link = join(site.folder, "link.db");
  symlinkSync(site.path, link);
  await using catalog = await HiveCatalog.open(link);
  await catalog.addHive(aHive({ id: "c" }));
  rmSync(link);
  symlinkSync(site.copy, link);
  expect(await refusalOf(catalog.addHive(aHive({ id: "d" })))).toMatchObject({ code: "CATALOG_UNAVAILABLE" });
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
  const [source, path] = ["source.db", "hives.db"].map((name) => join(folder.path, name)) as [string, string];
  {
    await using catalog = await HiveCatalog.open(source);
    expect(catalog.warnings).toEqual([]);
  }
  writeFileSync(path, "", { mode: 0o600 });
  using _mount = mountAlso(source, path);
  await using catalog = await HiveCatalog.open(path);
  expect(catalog.warnings).toEqual([expect.stringMatching(/hives\.db is mounted alone.*mount the folder/)]);
  await catalog.addHive(aHive());
  rmSync(source);
  expect(await refusalOf(catalog.removeHive(aHive().id))).toMatchObject({ code: "CATALOG_UNAVAILABLE" });
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
