import { expect, test, vi } from "vitest";
import { HiveCatalog } from "../src/catalog.ts";
import { backupCatalog, checkCatalog, restoreCatalog } from "../src/maintenance.ts";
import { knownMigrations } from "../src/sql/migrations.ts";
import { CatalogFile, migrationsAsApplied } from "../test/catalog-file.ts";
import { ending, startCommand } from "./repository-copy.ts";

// A process that migrates, on a machine that may be busy.
vi.setConfig({ testTimeout: 180_000 });

const devicesOf = (name: string) =>
  JSON.stringify({ cpu: { cores: 16, ram_gb: 64 }, gpus: [{ id: "gpu0", name, vram_gb: 24, models: [] }] });

/** As the ancestor's program writes them: it knows neither labels nor rows of GPUs. */
const insertHive = (id: string, name: string | null) =>
  `INSERT INTO hives (id, host, port, status, devices_json, created_at_ms, updated_at_ms)
   VALUES ('${id}', 'h', 1, 'online', ${name === null ? "NULL" : `'${devicesOf(name)}'`}, 0, 0)`;

/** A file that has the first migrations alone, and hives. */
async function fileOf(migrations: number): Promise<CatalogFile> {
  return CatalogFile.create(
    ...migrationsAsApplied(migrations + 1),
    insertHive("a", "NVIDIA RTX 4090"),
    insertHive("b", null),
    insertHive("c", "AMD Instinct MI300X"),
  );
}

const found = async (catalog: HiveCatalog, gpu: string) => (await catalog.findHives({ gpu })).hives.map(({ id }) => id);

/** What the ancestor's program does to a file that this one has open. */
const ANCESTOR = [
  `UPDATE hives SET devices_json = '${devicesOf("NVIDIA L4")}' WHERE id = 'a'`,
  "UPDATE hives SET devices_json = NULL WHERE id = 'c'",
  insertHive("d", "NVIDIA H100 80GB HBM3"),
];

test.each([
  [0, "db:migrate first"],
  [1, "db:migrate first"],
  [2, "db:migrate first"],
  [0, "open first"],
  [1, "open first"],
  [2, "open first"],
])(
  "a file of migration %i, %s, has labels, and finds by GPUs whatever the ancestor goes on writing",
  async (migration, first) => {
    await using file = await fileOf(migration);
    if (first === "db:migrate first") {
      const migrated = await ending(startCommand("db-migrate", { env: { QUEEN_DATABASE: file.path } }));
      expect(migrated.code, migrated.output).toBe(0);
      // SQL alone cannot derive them.
      expect(await checkCatalog(file.path)).toMatchObject({ isSound: true, gpusToDerive: 2 });
    }
    const catalog = await file.open();
    expect(await catalog.labels.keys()).toEqual([]);
    expect(await found(catalog, "rtx4090")).toEqual(["a"]);
    await catalog.labels.set("a", { env: "prod" });

    file.run(...ANCESTOR);
    // What was derived of other devices is never told, and what is not derived yet is found after the next look.
    expect(await found(catalog, "rtx4090")).toEqual([]);
    expect(await found(catalog, "amd")).toEqual([]);
    expect(await catalog.gpuRows.derive()).toBe(3);
    expect(await found(catalog, "l4,h100")).toEqual(["a", "d"]);
    expect((await catalog.findHives({ selector: "env=prod", gpu: "nvidia" })).hives).toMatchObject([{ id: "a" }]);
    await catalog.close();

    file.run("UPDATE hives SET devices_json = NULL WHERE id = 'a'", insertHive("e", "Apple M3 Max"));
    expect(await checkCatalog(file.path)).toMatchObject({ isSound: true, gpusToDerive: 2, damagedRecords: 0 });
    const again = await file.open();
    expect(await found(again, "0")).toEqual(["d", "e"]);
    expect(await checkCatalog(file.path)).toMatchObject({ isSound: true, gpusToDerive: 0, leftovers: 0 });
    file.run("DELETE FROM hives WHERE id = 'a'", "DELETE FROM hives WHERE id = 'd'");
    // A label, and a GPU: none is left of the devices of a.
    expect(await checkCatalog(file.path)).toMatchObject({ isSound: true, gpusToDerive: 0, leftovers: 2 });
    await again.gpuRows.derive();
    expect(await checkCatalog(file.path)).toMatchObject({ isSound: true, leftovers: 0, records: 1 });
  },
);

test.each(knownMigrations().map((_, migration) => migration))(
  "a file of migration %i is sound as it is, and every row of it is read",
  async (migration) => {
    await using file = await fileOf(migration);
    const hasTokens = migration >= 2;
    if (hasTokens) {
      file.run("INSERT INTO tokens (id, name, role, hash, created_at_ms) VALUES ('t', 'T', 'root', 'none', 1)");
    }
    expect(await checkCatalog(file.path)).toMatchObject({
      ...{ hives: 3, damagedHives: 0, integrity: [], schema: { missing: [], further: [], changed: [] } },
      recordDamage: hasTokens ? [{ table: "tokens", column: "role" }, { column: "hash" }] : [],
    });
  },
);

test("labels and rows of GPUs go with a backup, and come back with it", async () => {
  await using file = await fileOf(2);
  const catalog = await file.open();
  await catalog.labels.set("a", { env: "prod" });
  const backup = `${file.path}.backup`;
  await backupCatalog(file.path, backup);
  const path = `${file.path}.restored`;
  await restoreCatalog(backup, path);
  await using restored = await HiveCatalog.open(path);
  expect(await restored.labels.get("a")).toEqual({ env: "prod" });
  expect(restored.gpuRows.left).toBe(0);
  expect(await found(restored, "rtx4090")).toEqual(["a"]);
});
