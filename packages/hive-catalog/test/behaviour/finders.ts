import { describe, expect, test } from "vitest";
import type { HiveCatalog } from "../../src/catalog.ts";
import type { HiveRecord } from "../../src/model/hive.ts";
import { aHive } from "../../src/testing.ts";
import { refusalOf } from "../refusal.ts";
import type { Site } from "./site.ts";

const NOW_MS = 1_761_040_800_000;

/** Twelve hives in no order: a third of each status, a quarter with devices, a quarter without any, a quarter whose GPUs could not be read, every fourth never beat, the others one minute apart. */
async function addFleet(catalog: HiveCatalog): Promise<HiveRecord[]> {
  const fleet = Array.from({ length: 12 }, (_, index) =>
    aHive({
      id: `hive-${String((index * 7) % 12).padStart(2, "0")}`,
      status: (["unknown", "online", "offline"] as const)[index % 3] ?? "unknown",
      devices:
        [null, aHive().devices, { cpu: { cores: 8, ramGb: 32 }, gpus: null }, { cpu: null, gpus: [] }][index % 4] ??
        null,
      lastHeartbeatMs: index % 4 === 0 ? null : NOW_MS - index * 60_000,
    }),
  );
  await Promise.all(fleet.map((hive) => catalog.addHive(hive)));
  return fleet.sort((one, other) => (one.id < other.id ? -1 : 1));
}

/** The hives of all pages of `limit`, each page continued where the one before ended. */
async function pagesOf<Cursor>(
  read: (after: Cursor | undefined) => Promise<HiveRecord[]>,
  limit: number,
  cursorOf: (hive: HiveRecord) => Cursor,
): Promise<HiveRecord[][]> {
  const pages: HiveRecord[][] = [];
  let after: Cursor | undefined;
  for (;;) {
    const page = await read(after);
    pages.push(page);
    const last = page.at(-1);
    if (page.length < limit || last === undefined) return pages;
    after = cursorOf(last);
  }
}

export function describeFinders(name: string, openSite: () => Promise<Site>): void {
  describe(`${name}: finding, counting, paging`, () => {
    test("every finder answers the hives that it is for, by id", async () => {
      await using site = await openSite();
      const catalog = await site.open();
      const fleet = await addFleet(catalog);
      const withStatus = (status: string) => fleet.filter((hive) => hive.status === status);
      expect(await catalog.listHives()).toEqual(fleet);
      expect(await catalog.findHivesByStatus("unknown")).toEqual(withStatus("unknown"));
      expect(await catalog.findOnlineHives()).toEqual(withStatus("online"));
      expect(await catalog.findOfflineHives()).toEqual(withStatus("offline"));
      expect(await catalog.findHivesWithDevices()).toEqual(fleet.filter(({ devices }) => devices?.gpus));
      expect(await catalog.findHivesWithoutDevices()).toEqual(fleet.filter(({ devices }) => !devices?.gpus));
      expect(await catalog.countHives()).toBe(12);
      expect(await catalog.countByStatus("online")).toBe(4);
      expect(await catalog.hiveExists("hive-00")).toBe(true);
    });

    test("listHiveIds answers the ids alone, page by page, those of damaged hives too", async () => {
      await using site = await openSite();
      const catalog = await site.open();
      const ids = (await addFleet(catalog)).map(({ id }) => id);
      await site.run("UPDATE hives SET port = 'x' WHERE id = 'hive-03'");
      expect(await catalog.listHiveIds()).toEqual(ids);
      expect(await catalog.listHiveIds({ after: "hive-02", limit: 2 })).toEqual(["hive-03", "hive-04"]);
      expect(await catalog.listHiveIds({ after: "hive-11" })).toEqual([]);
      expect((await refusalOf(catalog.listHiveIds({ limit: 0 }))).code).toBe("INVALID_ARGUMENT");
    });

    test("getHives answers those of many ids that are there, once each, by id", async () => {
      await using site = await openSite();
      const catalog = await site.open();
      const fleet = await addFleet(catalog);
      const ids = ["hive-07", "no-such", "hive-02", "hive-07", "", "\ud800"];
      expect(await catalog.getHives(ids)).toEqual([fleet[2], fleet[7]]);
      expect(await catalog.getHives([])).toEqual([]);
      const many = Array.from({ length: 990 }, (_, n) => `other-${n}`);
      expect(await catalog.getHives([...many, ...fleet.slice(2).map(({ id }) => id)])).toEqual(fleet.slice(2));
      for (const wrong of [Array.from({ length: 1001 }, String), "hive-07" as never]) {
        expect((await refusalOf(catalog.getHives(wrong))).code).toBe("INVALID_ARGUMENT");
      }
    });

    test("an empty catalog answers empty lists and zero", async () => {
      await using site = await openSite();
      const catalog = await site.open();
      expect(await catalog.listHives()).toEqual([]);
      expect(await catalog.findStaleHives(0)).toEqual([]);
      expect(await catalog.countHives()).toBe(0);
      expect(await catalog.countByStatus("offline")).toBe(0);
    });

    test("pages of each size together are the whole list", async () => {
      await using site = await openSite();
      const catalog = await site.open();
      const fleet = await addFleet(catalog);
      for (const limit of [1, 5, 12, 13]) {
        const pages = await pagesOf<string>(
          (after) => catalog.listHives({ after, limit }),
          limit,
          ({ id }) => id,
        );
        expect(pages.flat()).toEqual(fleet);
        expect(Math.max(...pages.map(({ length }) => length))).toBeLessThanOrEqual(limit);
      }
      const offline = await pagesOf<string>(
        (after) => catalog.findOfflineHives({ after, limit: 3 }),
        3,
        ({ id }) => id,
      );
      expect(offline.map(({ length }) => length)).toEqual([3, 1]);
      expect(offline.flat()).toEqual(fleet.filter(({ status }) => status === "offline"));
    });

    test("streamHives gives every hive, and sees what was added and removed behind its place meanwhile", async () => {
      await using site = await openSite();
      const catalog = await site.open();
      const fleet = await addFleet(catalog);
      const seen: string[] = [];
      for await (const { id } of catalog.streamHives({ pageSize: 4 })) {
        if (seen.length === 0) {
          await catalog.addHive(aHive({ id: "zebra" }));
          await catalog.removeHive("hive-05");
        }
        seen.push(id);
      }
      expect(seen).toEqual([...fleet.map(({ id }) => id).filter((id) => id !== "hive-05"), "zebra"]);
    });

    test("findStaleHives: older than the age, the oldest first, never one that has not beaten yet", async () => {
      await using site = await openSite();
      const catalog = await site.open({ now: () => NOW_MS });
      const fleet = await addFleet(catalog);
      const stale = fleet
        .filter(({ lastHeartbeatMs }) => lastHeartbeatMs !== null && lastHeartbeatMs < NOW_MS - 180_000)
        .sort((one, other) => Number(one.lastHeartbeatMs) - Number(other.lastHeartbeatMs));
      expect(stale).toHaveLength(6);
      expect(await catalog.findStaleHives(180_000)).toEqual(stale);
      const read = (after?: HiveRecord) => catalog.findStaleHives(180_000, { after, limit: 4 });
      expect(await pagesOf(read, 4, (hive) => hive)).toEqual([stale.slice(0, 4), stale.slice(4)]);
    });

    test("hives with the same beat are paged by id", async () => {
      await using site = await openSite();
      const catalog = await site.open({ now: () => NOW_MS });
      for (const id of ["c", "a", "d", "b"]) await catalog.addHive(aHive({ id, lastHeartbeatMs: 5 }));
      const read = (after?: HiveRecord) => catalog.findStaleHives(1, { after, limit: 3 });
      const pages = await pagesOf(read, 3, (hive) => hive);
      expect(pages.map((page) => page.map(({ id }) => id))).toEqual([["a", "b", "c"], ["d"]]);
    });

    test("a bad limit, age or status is refused with INVALID_ARGUMENT", async () => {
      await using site = await openSite();
      const catalog = await site.open();
      const refusals = await Promise.all(
        [catalog.listHives({ limit: 0 }), catalog.findStaleHives(-1), catalog.countByStatus("asleep" as "online")].map(
          refusalOf,
        ),
      );
      expect(refusals.map(({ code }) => code)).toEqual(["INVALID_ARGUMENT", "INVALID_ARGUMENT", "INVALID_ARGUMENT"]);
    });
  });
}
