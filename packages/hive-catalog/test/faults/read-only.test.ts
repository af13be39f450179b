import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mountReadOnly, mountReadOnlyDisk } from "@repo/test-support/mount";
import { expect, test } from "vitest";
import { HiveCatalog } from "../../src/index.ts";
import { backupCatalog, checkCatalog, restoreCatalog } from "../../src/maintenance.ts";
import { aHive, temporaryFolder } from "../../src/testing.ts";
import { migrationsAsApplied, runSql } from "../catalog-file.ts";
import { startWorker } from "../processes.ts";
import { refusalOf } from "../refusal.ts";
import { allOf } from "../stream.ts";

const HIVES = ["a", "b"].map((id) => aHive({ id, status: "online", lastHeartbeatMs: 5 }));
const DEVICES = { cpu: null, gpus: [] };

const CHANGES: ((catalog: HiveCatalog) => Promise<unknown>)[] = [
  (catalog) => catalog.addHive(aHive({ id: "new" })),
  (catalog) => catalog.updateHive(aHive({ id: "a" })),
  (catalog) => catalog.patchHive("a", { port: 1 }),
  (catalog) => catalog.updateHiveStatus("a", "offline"),
  (catalog) => catalog.markOffline("a", 9),
  (catalog) => catalog.updateHeartbeat("a", 9),
  (catalog) => Promise.all(["a", "b"].map((id) => catalog.updateHeartbeat(id, 9))),
  (catalog) => catalog.updateDevices("a", DEVICES),
  (catalog) => catalog.removeHive("a"),
];

async function expectReadsAlone(path: string): Promise<void> {
  const catalog = await HiveCatalog.open(path, { busyTimeoutMs: 50 });
  expect(catalog.warnings).toContainEqual(expect.stringContaining("can be read and not changed"));
  expect((await refusalOf(catalog.checkWritable())).message).toContain("cannot be written (EROFS)");
  for (const change of CHANGES)
    expect((await refusalOf(change(catalog))).code, String(change)).toBe("CATALOG_READ_ONLY");
  expect(await catalog.listHives()).toEqual(HIVES);
  expect(await catalog.getHive("a")).toEqual(HIVES[0]);
  expect(await allOf(catalog.streamHives({ pageSize: 1 }))).toEqual(HIVES);
  expect(await catalog.findOnlineHives()).toEqual(HIVES);
  expect(await catalog.findStaleHives(1)).toEqual(HIVES);
  expect(await catalog.countHives()).toBe(2);
  await catalog.close();
}

/** Every file of a folder that holds something, with a digest of it. The -shm is only shared memory. */
const contents = (folder: string) =>
  readdirSync(folder)
    .filter((name) => !name.endsWith("-shm"))
    .map((name) => [name, readFileSync(join(folder, name))] as const)
    .filter(([, bytes]) => bytes.length > 0)
    .map(([name, bytes]) => `${name} ${createHash("sha256").update(bytes).digest("hex")}`);

/**
 * A catalog with two hives: closed, or as a killed process leaves it, with all that it holds in its -wal. It is a copy: the driver may hold
 * what was closed open for a while.
 */
async function makeCatalog(path: string, isKilled: boolean): Promise<void> {
  await using folder = await temporaryFolder();
  await makeOriginal(join(folder.path, "hives.db"), isKilled);
  for (const suffix of isKilled ? ["", "-wal", "-shm"] : [""]) {
    copyFileSync(join(folder.path, `hives.db${suffix}`), path + suffix);
  }
}

async function makeOriginal(path: string, isKilled: boolean): Promise<void> {
  if (isKilled) {
    await using killed = startWorker("unclosed", path, JSON.stringify(HIVES));
    expect(await killed.nextLine()).toBe("stored");
    await killed.kill();
    expect(readFileSync(`${path}-wal`).length).toBeGreaterThan(0);
    return;
  }
  await using catalog = await HiveCatalog.open(path);
  for (const hive of HIVES) await catalog.addHive(hive);
}

test.each([
  ["closed in good order", false],
  ["that a killed process left with its -wal", true],
])(
  "a catalog %s on a read-only file system is read; each change is refused with CATALOG_READ_ONLY",
  async (_name, isKilled) => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "disk");
    using disk = await mountReadOnlyDisk(path, () => makeCatalog(join(path, "hives.db"), isKilled));
    const before = contents(disk.path);
    await expectReadsAlone(join(disk.path, "hives.db"));
    await expectReadsAlone(join(disk.path, "hives.db"));
    expect(contents(disk.path)).toEqual(before);
  },
);

test("a catalog in a folder that is read-only here, and not where it comes from, is read as it changes while somebody has it open", async () => {
  await using folder = await temporaryFolder();
  const [source, target] = [join(folder.path, "source"), join(folder.path, "target")];
  for (const path of [source, target]) mkdirSync(path);
  await makeCatalog(join(source, "hives.db"), false);
  using readOnly = mountReadOnly(source, target);
  const path = join(readOnly.path, "hives.db");
  const error = await refusalOf(HiveCatalog.open(path));
  expect(error).toMatchObject({ code: "CATALOG_READ_ONLY", message: expect.stringContaining("-shm") });
  expect(await refusalOf(checkCatalog(path))).toMatchObject({ code: "CATALOG_READ_ONLY", message: error.message });
  await using writer = startWorker("other-user", join(source, "hives.db"));
  await writer.nextLine();
  await expectReadsAlone(path);
  await using reader = await HiveCatalog.open(path);
  await writer.ask("add");
  expect(await reader.hiveExists("mine")).toBe(true);
});

test("a read-only file in a folder that can be written is read; each change is refused with CATALOG_READ_ONLY", async () => {
  await using folder = await temporaryFolder();
  const [source, target] = [join(folder.path, "source.db"), join(folder.path, "hives.db")];
  await makeCatalog(source, false);
  const before = readFileSync(source);
  writeFileSync(target, "");
  {
    using readOnly = mountReadOnly(source, target);
    await expectReadsAlone(readOnly.path);
  }
  expect(readFileSync(source).equals(before)).toBe(true);
});

test("of a catalog of a version before on a read-only file system the hives are read, and what it lacks is said", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "disk");
  const file = join(path, "hives.db");
  const insert = "INSERT INTO hives (id, host, port, created_at_ms, updated_at_ms) VALUES ('a', 'h', 1, 0, 0)";
  using _disk = await mountReadOnlyDisk(path, async () => runSql(file, ...migrationsAsApplied(2), insert));
  await using catalog = await HiveCatalog.open(file);
  expect(catalog.warnings).toContainEqual(
    expect.stringMatching(/cannot be read, .*: 0002_\w+, .*; migrate a copy of it$/),
  );
  expect(await catalog.listHives()).toMatchObject([{ id: "a" }]);
});

test("a symbolic link in a read-only folder leads to a catalog that can be written, and is", async () => {
  await using folder = await temporaryFolder();
  const [source, target] = [join(folder.path, "source"), join(folder.path, "target")];
  for (const path of [source, target]) mkdirSync(path);
  const path = join(folder.path, "hives.db");
  await makeCatalog(path, true);
  symlinkSync(path, join(source, "link.db"));
  using readOnly = mountReadOnly(source, target);
  const link = join(readOnly.path, "link.db");
  expect(await checkCatalog(link)).toMatchObject({ isSound: true, hives: 2 });
  await using catalog = await HiveCatalog.open(link);
  expect(await catalog.removeHive("a")).toBe(true);
});

test("a new catalog in a read-only folder is refused with CATALOG_READ_ONLY", async () => {
  await using folder = await temporaryFolder();
  const [source, target] = [join(folder.path, "source"), join(folder.path, "target")];
  for (const path of [source, target]) mkdirSync(path);
  using readOnly = mountReadOnly(source, target);
  for (const path of ["hives.db", "data/hives.db"]) {
    expect((await refusalOf(HiveCatalog.open(join(readOnly.path, path)))).code).toBe("CATALOG_READ_ONLY");
  }
  expect(readdirSync(source)).toEqual([]);
});

test("a catalog on a read-only file system is not replaced by a restore, which says why", async () => {
  await using folder = await temporaryFolder();
  const [path, backup] = [join(folder.path, "disk"), join(folder.path, "backup.db")];
  using disk = await mountReadOnlyDisk(path, () => makeCatalog(join(path, "hives.db"), false));
  const catalog = join(disk.path, "hives.db");
  await backupCatalog(catalog, backup);
  const before = contents(disk.path);
  expect(await refusalOf(restoreCatalog(backup, catalog, { force: true }))).toMatchObject({
    code: "CATALOG_READ_ONLY",
    message: expect.stringContaining(`${catalog} cannot be written (EROFS)`),
  });
  expect(contents(disk.path)).toEqual(before);
});
