import { describe, expect, test } from "vitest";
import type { HiveCatalog } from "../../src/catalog.ts";
import { aHive } from "../../src/testing.ts";
import type { Site } from "./site.ts";

const L4 = (index: number) => ({ index, name: "NVIDIA L4", vramGb: 22 });
const DEVICES = { cpu: { cores: 8, ram_gb: 64 }, gpus: [{ index: 0, name: "AMD Instinct MI300X", vram_gb: 192 }] };
/** Hives as a program stores them that knows no rows of GPUs. */
const foreignHives = (count: number) => `INSERT INTO hives (id, host, port, devices_json, created_at_ms, updated_at_ms)
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
  SELECT printf('hive-%04d', i), 'h', 1, iif(i % 10 = 0, NULL, '${JSON.stringify(DEVICES)}'), 0, 0 FROM n`;

export function describeGpuRows(name: string, openSite: () => Promise<Site>): void {
  /** What the rows of a hive say, read by the finder that knows nothing else. */
  const found = async (catalog: HiveCatalog, gpu: string) =>
    (await catalog.findHives({ gpu })).hives.map(({ id }) => id);

  describe(`${name}: rows of GPUs`, () => {
    test("every change of devices derives them, and removing a hive removes them", async () => {
      await using site = await openSite();
      const catalog = await site.open();
      expect(catalog.gpuRows.left).toBe(0);
      const devices = { cpu: { cores: 8, ramGb: 64 }, gpus: [L4(0), L4(1)] };
      const added = await catalog.addHive(aHive({ id: "a", devices }));
      expect(await found(catalog, "l4:2")).toEqual(["a"]);
      await catalog.updateDevices("a", { ...devices, gpus: [L4(0)] });
      expect(await found(catalog, "l4:2")).toEqual([]);
      await catalog.patchHive("a", { devices });
      expect(await found(catalog, "l4:2")).toEqual(["a"]);
      await catalog.updateHive({ ...added, devices: null });
      expect(await found(catalog, "0")).toEqual([]);
      await catalog.patchHive("a", { devices: { cpu: null, gpus: [] } });
      expect(await found(catalog, "l4:0..0")).toEqual(["a"]);
      await catalog.updateDevices("a", { cpu: null, gpus: null });
      expect(await found(catalog, "0")).toEqual([]);
      expect(await catalog.gpuRows.derive()).toBe(0);
      await catalog.updateDevices("a", devices);
      await catalog.removeHive("a");
      await catalog.addHive({ id: "a", host: "h", port: 1 });
      expect(await found(catalog, "0")).toEqual([]);
      expect(await catalog.gpuRows.derive()).toBe(0);
    });

    test("what a program stored that does not know them is derived by whoever opens the catalog", async () => {
      await using site = await openSite();
      await (await site.open()).close();
      await site.run(foreignHives(600));
      const catalog = await site.open();
      expect(catalog.gpuRows.left).toBeGreaterThan(0);
      expect((await catalog.findHives({ gpu: "mi300x:192GB", limit: 1000 })).hives).toHaveLength(540);
      await catalog.gpuRows.derive();
      expect(catalog.gpuRows.left).toBe(0);
      expect((await catalog.findHives({ gpu: "mi300x:192GB", limit: 1000 })).hives).toHaveLength(540);
      expect(await catalog.gpuRows.derive()).toBe(0);
    });

    test("a fleet of more than 1,000 models is searched by its devices", async () => {
      await using site = await openSite();
      const catalog = await site.open();
      await site.run(foreignHives(1100));
      await site.run("UPDATE hives SET devices_json = replace(devices_json, 'MI300X', 'MI' || rowid || 'Y')");
      await catalog.gpuRows.derive();
      const pages: string[][] = [];
      for (let after: string | null | undefined; after !== null; ) {
        const page = await catalog.findHives({ gpu: "mi1001y,mi7y", ...(after !== undefined && { after }) });
        pages.push(page.hives.map(({ id }) => id));
        after = page.nextAfter;
      }
      expect(pages.flat()).toEqual(["hive-0007", "hive-1001"]);
    });

    test("what differs later is derived by the next look, and damage takes no other hive along", async () => {
      await using site = await openSite();
      const catalog = await site.open();
      await site.run(foreignHives(9));
      expect(await catalog.gpuRows.derive()).toBe(9);
      await site.run(
        `UPDATE hives SET devices_json = replace(devices_json, 'MI300X', 'MI325X') WHERE id = 'hive-0001'`,
        "UPDATE hives SET devices_json = CAST(x'ff' AS TEXT) WHERE id = 'hive-0002'",
        "UPDATE hives SET devices_json = '{' WHERE id = 'hive-0003'",
        "DELETE FROM hive_gpus WHERE hive_id = 'hive-0004'",
        "UPDATE hive_gpus SET devices_hash = 'x' WHERE hive_id = 'hive-0005'",
        "UPDATE hive_gpus SET devices_hash = CAST(x'ff' AS TEXT) WHERE hive_id = 'hive-0007'",
        "DELETE FROM hives WHERE id = 'hive-0006'",
      );
      expect(await catalog.gpuRows.derive()).toBe(6);
      expect(await found(catalog, "mi325x")).toEqual(["hive-0001"]);
      expect(await found(catalog, "mi300x")).toEqual(["hive-0004", "hive-0005", "hive-0007", "hive-0008", "hive-0009"]);
      expect(await catalog.gpuRows.derive()).toBe(0);
    });

    test("labels and GPUs of hives that another program removed go with the next look, and no others", async () => {
      await using site = await openSite();
      const catalog = await site.open();
      const devices = { cpu: null, gpus: [L4(0)] };
      const labels = { env: "prod", zone: "z1" };
      for (const id of ["a", "b", "c"]) await catalog.addHive({ ...aHive({ id, devices }), labels });
      await site.run("DELETE FROM hives WHERE id < 'c'", "DELETE FROM hive_gpus WHERE hive_id = 'b'");
      await site.run("UPDATE hive_labels SET hive_id = CAST(x'ff' AS TEXT) WHERE hive_id = 'a' AND key = 'zone'");
      // Several windows of them; and a row that is of no hive at all, which is damage.
      await site.run(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4500) INSERT INTO hive_labels SELECT 'gone-' || i, 'rack', 'r1' FROM n",
        "INSERT INTO hive_labels (hive_id, key, value) VALUES (x'61', 'blob', '1')",
      );
      expect(await catalog.labels.keys()).toMatchObject([
        { key: "blob", count: 1 },
        { key: "env", count: 3 },
        { key: "rack", count: 1000, isMore: true },
        { key: "zone", count: 3 },
      ]);
      expect(await catalog.gpuRows.derive()).toBe(0);
      expect(await catalog.labels.keys()).toMatchObject([
        { key: "blob", count: 1 },
        { key: "env", count: 1 },
        { key: "zone", count: 1 },
      ]);
      expect(await catalog.labels.get("c")).toEqual(labels);
      expect(await found(catalog, "l4")).toEqual(["c"]);
      await site.run(
        "INSERT INTO hives (id, host, port, devices_json, created_at_ms, updated_at_ms) SELECT 'a', host, port, devices_json, 0, 0 FROM hives",
      );
      expect(await catalog.labels.get("a")).toEqual({});
    });
  });
}
