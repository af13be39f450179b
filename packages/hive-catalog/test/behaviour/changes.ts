import { describe, expect, test } from "vitest";
import { HiveCatalog } from "../../src/catalog.ts";
import type { HiveRecord } from "../../src/model/hive.ts";
import { aHive } from "../../src/testing.ts";
import { fieldsOf, refusalOf } from "../refusal.ts";
import type { Site } from "./site.ts";

const NOW_MS = 1_761_040_800_000;
const MINIMAL = { id: "localhost", host: "127.0.0.1", port: 8600 };
const ID = aHive().id;

/** A catalog whose clock goes on by a second with each look. */
function ticking(): () => number {
  let nowMs = NOW_MS;
  return () => (nowMs += 1000);
}

export function describeChanges(name: string, openSite: () => Promise<Site>): void {
  describe(`${name}: adding, reading, changing, removing`, () => {
    test("addHive stores every field, and another catalog reads the same", async () => {
      await using site = await openSite();
      const hive = aHive({
        id: "A.b_c-9",
        host: "2001:db8::7",
        port: 65_535,
        sshUser: "root",
        status: "offline",
        lastHeartbeatMs: 8_640_000_000_000_000,
        devices: { cpu: null, gpus: [{ index: 7, name: "Grafik 😀 'x' \"y\" \u0000 é", vramGb: 80 }] },
      });
      const first = await site.open();
      expect(await first.addHive(hive)).toEqual(hive);
      expect(await (await site.open()).getHive(hive.id)).toEqual(hive);
    });

    test("addHive fills in what is left out: unknown, now, null", async () => {
      await using site = await openSite();
      const catalog = await site.open({ now: () => NOW_MS });
      const stored = await catalog.addHive(MINIMAL);
      const nothing = { sshHost: null, sshPort: null, sshUser: null, lastHeartbeatMs: null, devices: null };
      expect(stored).toEqual({
        ...MINIMAL,
        ...nothing,
        status: "unknown",
        createdAtMs: NOW_MS,
        updatedAtMs: NOW_MS,
      });
      expect(await catalog.getHive("localhost")).toEqual(stored);
    });

    test("addHive of an id that is there throws HIVE_ALREADY_EXISTS and changes nothing, the same record included", async () => {
      await using site = await openSite();
      const catalog = await site.open();
      const hive = await catalog.addHive(aHive());
      expect(await refusalOf(catalog.addHive(hive))).toMatchObject({ code: "HIVE_ALREADY_EXISTS", hiveId: ID });
      expect(await refusalOf(catalog.addHive({ ...MINIMAL, id: ID }))).toMatchObject({ code: "HIVE_ALREADY_EXISTS" });
      expect(await catalog.listHives()).toEqual([hive]);
    });

    test("addHives stores what is sound, and says of each other why not, in their order", async () => {
      await using site = await openSite();
      const catalog = await site.open({ now: () => NOW_MS });
      await catalog.addHive({ ...MINIMAL, id: "taken" });
      const added = (id: string) => expect.objectContaining({ id, createdAtMs: NOW_MS });
      const refused = (code: string, hiveId: string) => expect.objectContaining({ code, hiveId });
      const hives = ["a", "taken", "b", "a", "no id", "c"].map((id) => ({
        ...MINIMAL,
        id,
        labels: { is: id[0] ?? "" },
      }));
      expect(await catalog.addHives(hives)).toEqual([
        added("a"),
        refused("HIVE_ALREADY_EXISTS", "taken"),
        added("b"),
        refused("HIVE_ALREADY_EXISTS", "a"),
        refused("INVALID_HIVE", "no id"),
        added("c"),
      ]);
      expect((await catalog.listHives()).map(({ id }) => id)).toEqual(["a", "b", "c", "taken"]);
      const labels = await catalog.labels.ofHives(["a", "b", "c", "taken"]);
      expect(Object.fromEntries(labels)).toEqual({ a: { is: "a" }, b: { is: "b" }, c: { is: "c" } });
      expect(await catalog.addHives([])).toEqual([]);
      const tooMany = catalog.addHives(Array.from({ length: 33 }, (_, n) => ({ ...MINIMAL, id: `many-${n}` })));
      expect(await refusalOf(tooMany)).toMatchObject({ code: "INVALID_ARGUMENT" });
    });

    test("what is not valid is refused with every field that is wrong, before it is stored", async () => {
      await using site = await openSite();
      const catalog = await site.open();
      const refusal = await refusalOf(catalog.addHive({ id: "-x", host: "a b", port: 0, sshPort: 22 }));
      expect(refusal.code).toBe("INVALID_HIVE");
      expect(fieldsOf(refusal).sort()).toEqual(["host", "id", "port", "sshPort"]);
      expect(await catalog.countHives()).toBe(0);
    });

    test("a read of what is not there, or of an id that no hive can have, finds nothing", async () => {
      await using site = await openSite();
      const catalog = await site.open();
      await catalog.addHive({ ...MINIMAL, id: "a" });
      for (const id of ["nobody", "", " ", "a b", "-a", "a/b", "a\0", "ä", "%", "' OR 1=1 --", "a".repeat(129)]) {
        expect(await catalog.getHive(id)).toBeUndefined();
        expect(await catalog.hiveExists(id)).toBe(false);
        expect(await catalog.removeHive(id)).toBe(false);
      }
    });

    test("updateHive replaces everything but the times, which the catalog keeps", async () => {
      await using site = await openSite();
      const catalog = await site.open({ now: ticking() });
      const added = await catalog.addHive(aHive({ lastHeartbeatMs: NOW_MS, createdAtMs: 5, updatedAtMs: 6 }));
      const changed: HiveRecord = {
        ...added,
        host: "10.9.8.7",
        port: 1,
        sshHost: null,
        sshPort: null,
        sshUser: null,
        status: "online",
        lastHeartbeatMs: NOW_MS - 1,
        devices: null,
        createdAtMs: 77,
        updatedAtMs: 78,
      };
      const stored = await catalog.updateHive(changed);
      expect(stored).toEqual({ ...changed, createdAtMs: 5, lastHeartbeatMs: NOW_MS, updatedAtMs: stored.updatedAtMs });
      expect(stored.updatedAtMs).toBeGreaterThan(NOW_MS);
      expect(await catalog.getHive(ID)).toEqual(stored);
    });

    test("patchHive changes what is named and nothing else", async () => {
      await using site = await openSite();
      const catalog = await site.open({ now: ticking() });
      const added = await catalog.addHive(aHive());
      const stored = await catalog.patchHive(ID, { port: 9000, sshPort: null });
      expect(stored).toEqual({ ...added, port: 9000, sshPort: null, updatedAtMs: stored.updatedAtMs });
      expect(stored.updatedAtMs).toBeGreaterThan(added.updatedAtMs);
      expect(await catalog.getHive(ID)).toEqual(stored);
    });

    test("patchHive keeps the rule that SSH port and user need a host, against what is stored", async () => {
      await using site = await openSite();
      const catalog = await site.open();
      const full = await catalog.addHive(aHive());
      await catalog.addHive(MINIMAL);
      expect(fieldsOf(await refusalOf(catalog.patchHive(ID, { sshHost: null })))).toEqual(["sshHost"]);
      expect(fieldsOf(await refusalOf(catalog.patchHive("localhost", { sshUser: "root" })))).toEqual(["sshUser"]);
      expect(await catalog.getHive(ID)).toEqual(full);
      const cleared = await catalog.patchHive(ID, { sshHost: null, sshPort: null, sshUser: null });
      expect(cleared).toMatchObject({ sshHost: null, sshPort: null, sshUser: null });
    });

    test("updateHiveStatus and updateDevices change their field and updatedAtMs, once each", async () => {
      await using site = await openSite();
      const catalog = await site.open({ now: ticking() });
      const added = await catalog.addHive(aHive({ devices: null }));
      await catalog.updateHiveStatus(ID, "online");
      const online = await catalog.getHive(ID);
      expect(online).toEqual({ ...added, status: "online", updatedAtMs: online?.updatedAtMs });
      const devices = {
        cpu: { cores: 8, ramGb: 32 },
        gpus: [
          {
            index: 0,
            name: "NVIDIA GB10",
            vramGb: null,
            uuid: "GPU-5a2e",
            vendor: "nvidia",
            backend: "cuda",
            unified: true,
          },
        ],
      };
      await catalog.updateDevices(ID, devices);
      const detected = await catalog.getHive(ID);
      expect(detected).toEqual({ ...online, devices, updatedAtMs: detected?.updatedAtMs });
      expect(detected?.updatedAtMs).toBeGreaterThan(online?.updatedAtMs ?? 0);
    });

    test("markOffline leaves a hive that beat since as it is", async () => {
      await using site = await openSite();
      const catalog = await site.open({ now: () => NOW_MS });
      await catalog.addHive(aHive({ status: "online", lastHeartbeatMs: NOW_MS - 1000 }));
      expect(await catalog.markOffline(ID, NOW_MS - 1000)).toBe(false);
      expect(await catalog.markOffline(ID, NOW_MS - 999)).toBe(true);
      expect(await catalog.markOffline(ID, NOW_MS - 999)).toBe(false);
      expect((await catalog.getHive(ID))?.status).toBe("offline");
    });

    test("each change of a hive that is not there throws HIVE_NOT_FOUND with its id", async () => {
      await using site = await openSite();
      const catalog = await site.open();
      const changes = [
        catalog.updateHive(aHive()),
        catalog.patchHive(ID, { port: 1 }),
        catalog.patchHive(ID, { sshPort: 22 }),
        catalog.updateHiveStatus(ID, "online"),
        catalog.updateHeartbeat(ID, NOW_MS),
        catalog.updateDevices(ID, { cpu: null, gpus: [] }),
      ];
      const refusals = await Promise.all(changes.map(refusalOf));
      expect(refusals.map(({ code, hiveId }) => [code, hiveId])).toEqual(changes.map(() => ["HIVE_NOT_FOUND", ID]));
      expect(await catalog.countHives()).toBe(0);
    });

    test("removeHive tells whether it was there, and the id can be added again", async () => {
      await using site = await openSite();
      const catalog = await site.open();
      await catalog.addHive(aHive());
      expect(await catalog.removeHive(ID)).toBe(true);
      expect(await catalog.removeHive(ID)).toBe(false);
      expect(await catalog.getHive(ID)).toBeUndefined();
      expect(await catalog.addHive(aHive({ port: 2 }))).toMatchObject({ id: ID, port: 2 });
    });

    test("after close every call throws CATALOG_CLOSED, and what was stored is there for the next", async () => {
      await using site = await openSite();
      const catalog = await site.open();
      const hive = await catalog.addHive(aHive());
      const beat = catalog.updateHeartbeat(ID, NOW_MS);
      await catalog.close();
      await beat;
      expect(await refusalOf(catalog.getHive(ID))).toMatchObject({ code: "CATALOG_CLOSED" });
      expect(await refusalOf(catalog.updateHeartbeat(ID, 1))).toMatchObject({ code: "CATALOG_CLOSED" });
      expect(await (await site.open({ migrate: false })).getHive(ID)).toEqual({ ...hive, lastHeartbeatMs: NOW_MS });
    });

    test("a catalog of a newer version is refused with CATALOG_TOO_NEW, another application's with CATALOG_NOT_A_CATALOG", async () => {
      await using site = await openSite();
      await (await site.open()).close();
      await site.run("INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('x', 4000000000000)");
      expect(await refusalOf(site.open())).toMatchObject({ code: "CATALOG_TOO_NEW" });
      await site.run("DROP TABLE hives", "DROP TABLE __drizzle_migrations", "CREATE TABLE hives (id TEXT)");
      expect(await refusalOf(site.open())).toMatchObject({ code: "CATALOG_NOT_A_CATALOG" });
      await site.run(
        ...[
          "hives",
          "cordons",
          "tokens",
          "sessions",
          "operations",
          "host_keys",
          "queens",
          "revisions",
          "hive_labels",
          "hive_gpus",
        ].map((table) => `DROP TABLE ${table}`),
      );
      expect(await refusalOf(site.open({ migrate: false }))).toMatchObject({ code: "CATALOG_NOT_MIGRATED" });
      expect(await site.open()).toBeInstanceOf(HiveCatalog);
    });
  });
}
