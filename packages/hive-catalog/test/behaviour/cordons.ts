import { describe, expect, test } from "vitest";
import { fieldsOf, refusalOf } from "../refusal.ts";
import { NOW_MS, withHives } from "./samples.ts";
import type { Site } from "./site.ts";

export function describeCordons(name: string, openSite: () => Promise<Site>): void {
  describe(`${name}: cordons`, () => {
    test("a cordon is stored, read by another catalog, replaced and lifted", async () => {
      await using site = await openSite();
      const catalog = await withHives(site);
      const other = await site.open({ now: () => NOW_MS });
      const cordon = await catalog.cordons.set("a", { reason: "new fan, 'loud' – 😀" });
      expect(cordon).toEqual({ hiveId: "a", reason: "new fan, 'loud' – 😀", untilMs: null, createdAtMs: NOW_MS });
      expect(await other.cordons.get("a")).toEqual(cordon);
      const replaced = await other.cordons.set("a", { reason: "still", untilMs: NOW_MS + 5 });
      expect(await catalog.cordons.list()).toEqual([replaced]);
      expect(await catalog.cordons.lift("a")).toBe(true);
      expect(await catalog.cordons.lift("a")).toBe(false);
      expect(await other.cordons.get("a")).toBeUndefined();
    });

    test("one whose end has come is not in force: never read, and not lifted", async () => {
      await using site = await openSite();
      const clock = { nowMs: NOW_MS };
      const catalog = await withHives(site, clock);
      await catalog.cordons.set("a", { reason: "short", untilMs: NOW_MS + 10 });
      await catalog.cordons.set("b", { reason: "long", untilMs: NOW_MS + 11 });
      clock.nowMs = NOW_MS + 10;
      expect(await catalog.cordons.get("a")).toBeUndefined();
      expect(await catalog.cordons.list()).toMatchObject([{ hiveId: "b" }]);
      expect(await catalog.cordons.lift("a")).toBe(false);
      expect(fieldsOf(await refusalOf(catalog.cordons.set("c", { reason: "x", untilMs: clock.nowMs })))).toEqual([
        "untilMs",
      ]);
    });

    test("lists go page by page in the order of hive ids", async () => {
      await using site = await openSite();
      const catalog = await withHives(site);
      for (const id of ["c", "a", "b"]) await catalog.cordons.set(id, { reason: id });
      expect((await catalog.cordons.list()).map(({ hiveId }) => hiveId)).toEqual(["a", "b", "c"]);
      expect((await catalog.cordons.list({ limit: 2 })).map(({ hiveId }) => hiveId)).toEqual(["a", "b"]);
      expect((await catalog.cordons.list({ limit: 2, after: "b" })).map(({ hiveId }) => hiveId)).toEqual(["c"]);
    });

    test("a hive that is not there cannot be cordoned", async () => {
      await using site = await openSite();
      const catalog = await withHives(site);
      expect(await refusalOf(catalog.cordons.set("nobody", { reason: "x" }))).toMatchObject({
        code: "HIVE_NOT_FOUND",
        hiveId: "nobody",
      });
      expect(await catalog.cordons.list()).toEqual([]);
    });
  });
}
