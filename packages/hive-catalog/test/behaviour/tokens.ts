import { describe, expect, test } from "vitest";
import { aHive } from "../../src/testing.ts";
import { fieldsOf, refusalOf } from "../refusal.ts";
import { HASH, NOW_MS, withHives } from "./samples.ts";
import type { Site } from "./site.ts";

export function describeTokens(name: string, openSite: () => Promise<Site>): void {
  describe(`${name}: tokens`, () => {
    test("a token is stored, found with its hash, listed without, and revoked once", async () => {
      await using site = await openSite();
      const clock = { nowMs: NOW_MS };
      const catalog = await withHives(site, clock);
      expect(await catalog.tokens.count()).toBe(0);
      const operator = await catalog.tokens.add({ id: "t-1", name: "Ops", role: "operator", hash: HASH });
      expect(operator).toEqual({
        id: "t-1",
        name: "Ops",
        role: "operator",
        hiveId: null,
        createdAtMs: NOW_MS,
        revokedAtMs: null,
        expiresAtMs: null,
        lastUsedAtMs: null,
      });
      const own = await catalog.tokens.add({ id: "a-first", name: "a's", role: "hive", hiveId: "a", hash: HASH });
      const other = await site.open();
      expect(await other.tokens.get("t-1")).toEqual({ ...operator, hash: HASH });
      expect(await other.tokens.list()).toEqual([operator, own]);
      clock.nowMs += 7;
      expect(await catalog.tokens.revoke("t-1")).toBe(true);
      expect(await catalog.tokens.revoke("t-1")).toBe(false);
      expect(await other.tokens.get("t-1")).toEqual({ ...operator, revokedAtMs: NOW_MS + 7, hash: HASH });
      expect(await other.tokens.count()).toBe(1);
    });

    test("their version changes with each that is added, revoked or removed, and with nothing else", async () => {
      await using site = await openSite();
      const clock = { nowMs: NOW_MS };
      const catalog = await withHives(site, clock);
      const other = await site.open();
      const versions = [await other.tokens.version()];
      const changed = async (change: Promise<unknown>) => {
        await change;
        clock.nowMs += 1;
        const version = await other.tokens.version();
        expect(version).not.toBe(versions.at(-1));
        versions.push(version);
      };
      await changed(catalog.tokens.add({ id: "t-1", name: "Ops", role: "operator", hash: HASH }));
      await changed(catalog.tokens.add({ id: "t-2", name: "a's", role: "hive", hiveId: "a", hash: HASH }));
      await changed(catalog.removeHive("a"));
      await catalog.addHive({ id: "a", host: "127.0.0.1", port: 1 });
      await changed(catalog.tokens.add({ id: "t-3", name: "a's", role: "hive", hiveId: "a", hash: HASH }));
      await changed(catalog.tokens.revoke("t-1"));
      // As many are revoked as were before.
      await site.run("UPDATE tokens SET revoked_at_ms = NULL");
      await changed(catalog.tokens.revoke("t-3"));
      await catalog.tokens.revoke("t-3");
      await catalog.updateHeartbeat("a", NOW_MS);
      expect(await other.tokens.version()).toBe(versions.at(-1));
    });

    test("their version changes when a hive and its token give way to others that show the same times", async () => {
      await using site = await openSite();
      const catalog = await withHives(site);
      const token = { id: "t", name: "T", role: "hive", hiveId: "a", createdAtMs: 5 } as const;
      await catalog.tokens.add({ ...token, hash: HASH });
      const version = await catalog.tokens.version();
      await catalog.removeHive("a");
      await catalog.addHive(aHive({ id: "a" }));
      await catalog.tokens.add({ ...token, hash: "f".repeat(64) });
      expect(await catalog.tokens.version()).not.toBe(version);
    });

    test("their version changes with what is changed by hand, too", async () => {
      await using site = await openSite();
      const catalog = await withHives(site);
      const versions = [await catalog.tokens.version()];
      for (const sql of [
        `INSERT INTO tokens VALUES ('t', 'T', 'reader', NULL, '${HASH}', 1, NULL, NULL, NULL)`,
        "UPDATE tokens SET revoked_at_ms = 5",
        "DELETE FROM tokens",
      ]) {
        await site.run(sql);
        versions.push(await catalog.tokens.version());
      }
      // To add and to remove one by hand is as if nothing had been.
      expect(new Set(versions)).toEqual(new Set(versions.slice(0, 3)));
      expect(new Set(versions).size).toBe(3);
    });

    test("revoked ones are removed when they are as old as is said, and those in force never", async () => {
      await using site = await openSite();
      const clock = { nowMs: NOW_MS };
      const catalog = await withHives(site, clock);
      for (const id of ["old", "newer", "in-force"]) {
        await catalog.tokens.add({ id, name: id, role: "reader", hash: HASH });
      }
      await catalog.tokens.revoke("old");
      clock.nowMs += 10;
      await catalog.tokens.revoke("newer");
      await site.run("UPDATE tokens SET name = CAST(x'ff' AS TEXT) WHERE id = 'old'");
      clock.nowMs += 1000;
      expect(await catalog.tokens.removeEnded(1010)).toBe(0);
      const version = await catalog.tokens.version();
      expect(await catalog.tokens.removeEnded(1009)).toBe(1);
      expect(await catalog.tokens.version()).not.toBe(version);
      expect((await catalog.tokens.list()).map(({ id }) => id)).toEqual(["newer", "in-force"]);
      clock.nowMs += 1;
      expect(await catalog.tokens.removeEnded(0)).toBe(1);
      expect(await catalog.tokens.count()).toBe(1);
      for (const age of [-1, 1.5, "1"]) {
        expect(fieldsOf(await refusalOf(catalog.tokens.removeEnded(age as number)))).toEqual(["maxAgeMs"]);
      }
    });

    test("those that expired are removed when that is as long ago as is said, those that will never", async () => {
      await using site = await openSite();
      const clock = { nowMs: NOW_MS };
      const catalog = await withHives(site, clock);
      for (const [id, expiresAtMs] of [
        ["expires", NOW_MS + 10],
        ["later", NOW_MS + 5000],
        ["never", null],
      ] as const) {
        await catalog.tokens.add({ id, name: id, role: "reader", hash: HASH, expiresAtMs });
      }
      clock.nowMs += 1010;
      expect(await catalog.tokens.removeEnded(1000)).toBe(0);
      expect(await catalog.tokens.removeEnded(999)).toBe(1);
      expect((await catalog.tokens.list()).map(({ id }) => id)).toEqual(["later", "never"]);
    });

    test("thousands of revoked ones are removed in one call", async () => {
      await using site = await openSite();
      const catalog = await withHives(site);
      await site.run(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
        INSERT INTO tokens SELECT 't-' || i, 'T', 'reader', NULL, '${HASH}', 1, i, NULL, NULL FROM n`);
      expect(await catalog.tokens.removeEnded(0)).toBe(2500);
      expect(await catalog.tokens.list()).toEqual([]);
    });

    test("one keeps when it expires, and when it was last used, of which an older time tells nothing", async () => {
      await using site = await openSite();
      const catalog = await withHives(site);
      const token = { name: "T", role: "reader", hash: HASH } as const;
      for (const id of ["a", "b"]) await catalog.tokens.add({ ...token, id, expiresAtMs: NOW_MS + 5 });
      const version = await catalog.tokens.version();
      const other = await site.open();
      await other.tokens.used(
        new Map([
          ["a", NOW_MS + 2],
          ["nobody", NOW_MS],
        ]),
      );
      await catalog.tokens.used(new Map([["a", NOW_MS + 1]]));
      const [used, unused] = await other.tokens.list();
      expect([used?.lastUsedAtMs, unused?.lastUsedAtMs, used?.expiresAtMs]).toEqual([NOW_MS + 2, null, NOW_MS + 5]);
      expect(await catalog.tokens.version()).toBe(version);
      expect(fieldsOf(await refusalOf(catalog.tokens.used(new Map([["a", -1]]))))).toEqual(["usedAtMs"]);
    });

    test("thousands of uses are stored in one call", async () => {
      await using site = await openSite();
      const catalog = await withHives(site);
      await site.run(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200)
        INSERT INTO tokens SELECT 't-' || i, 'T', 'reader', NULL, '${HASH}', 1, NULL, NULL, NULL FROM n`);
      const tokens = await catalog.tokens.list();
      await catalog.tokens.used(new Map(tokens.map(({ id }, n) => [id, n])));
      expect((await catalog.tokens.list()).map(({ lastUsedAtMs }) => lastUsedAtMs)).toEqual(tokens.map((_, n) => n));
    });

    test("the last one of an operator that is in force stays, where that is asked for, whoever else comes at the same time", async () => {
      await using site = await openSite();
      const catalog = await withHives(site);
      const add = (id: string, role: "operator" | "reader", expiresAtMs: number | null = null) =>
        catalog.tokens.add({ id, name: id, role, hash: HASH, expiresAtMs });
      await add("one", "operator");
      await add("two", "operator");
      await add("over", "operator", NOW_MS);
      await add("reader", "reader");
      const revoke = (id: string) => catalog.tokens.revoke(id, { unlessLastOperator: true });
      const both = await Promise.all([revoke("one"), revoke("two")]);
      expect(both.toSorted()).toEqual([false, true]);
      const [left = ""] = ["one", "two"].filter((_, n) => !both[n]);
      expect([await revoke("reader"), await revoke(left), await revoke("over")]).toEqual([true, false, true]);
      await add("soon", "operator", NOW_MS + 1);
      expect(await revoke(left)).toBe(false);
      await add("lasting", "operator");
      expect([await revoke(left), await revoke("soon"), await revoke("lasting")]).toEqual([true, true, false]);
      expect(await catalog.tokens.revoke("lasting")).toBe(true);
    });

    test("an id is given once, and a hive's token needs a hive that is there", async () => {
      await using site = await openSite();
      const catalog = await withHives(site);
      const token = { id: "t", name: "T", role: "reader", hash: HASH } as const;
      const adds = await Promise.allSettled([catalog.tokens.add(token), catalog.tokens.add(token)]);
      expect(adds.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
      expect(await refusalOf(catalog.tokens.add(token))).toMatchObject({
        code: "INVALID_ARGUMENT",
        problems: [{ field: "id" }],
      });
      const orphan = catalog.tokens.add({ ...token, id: "u", role: "hive", hiveId: "nobody" });
      expect(await refusalOf(orphan)).toMatchObject({ code: "HIVE_NOT_FOUND", hiveId: "nobody" });
      expect(await catalog.tokens.list()).toHaveLength(1);
    });
  });
}
