import { describe, expect, test } from "vitest";
import type { LabelChanges } from "../../src/index.ts";
import { aHive } from "../../src/testing.ts";
import { fieldsOf, refusalOf } from "../refusal.ts";
import { NOW_MS, withHives } from "./samples.ts";
import type { Site } from "./site.ts";

const manyLabels = (count: number, from = 0) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`key-${from + n}`, `value-${n}`]));
const longLabels = Object.fromEntries(
  Array.from({ length: 64 }, (_, n) => [`${String(n).padStart(2, "0")}${"k".repeat(61)}`, "v".repeat(63)]),
);

export function describeLabels(name: string, openSite: () => Promise<Site>): void {
  describe(`${name}: labels`, () => {
    test("withKey lists the labels with a key by their values, then by their hives, page by page", async () => {
      await using site = await openSite();
      const catalog = await site.open();
      const racks = { e: "r1", d: "r2", c: "r1", b: "", a: "r2" };
      for (const [id, rack] of Object.entries(racks)) {
        await catalog.addHive({ ...aHive({ id }), labels: { rack, env: "prod" } });
      }
      await catalog.addHive({ ...aHive({ id: "f" }), labels: { racks: "r0" } });
      const all = ["b ", "c r1", "e r1", "a r2", "d r2"];
      for (const limit of [1, 2, 5, 6]) {
        const seen: string[] = [];
        for (let after: { value: string; hiveId: string } | undefined; ; ) {
          const page = await catalog.labels.withKey("rack", { limit, after });
          seen.push(...page.map(({ hiveId, value }) => `${hiveId} ${value}`));
          if (page.length < limit) break;
          after = page.at(-1);
        }
        expect(seen, `limit ${limit}`).toEqual(all);
      }
      expect(await catalog.labels.withKey("nope")).toEqual([]);
      for (const options of [{ limit: 1001 }, { after: "b" as never }]) {
        expect((await refusalOf(catalog.labels.withKey("rack", options))).code).toBe("INVALID_ARGUMENT");
      }
    });

    test("labels are set, read by another catalog, replaced and removed with their hive", async () => {
      await using site = await openSite();
      const catalog = await withHives(site);
      const other = await site.open();
      expect(await catalog.labels.get("a")).toEqual({});
      expect(await catalog.labels.set("a", { env: "prod", "example.org/team": "" })).toEqual({
        env: "prod",
        "example.org/team": "",
      });
      expect(await other.labels.get("a")).toEqual({ env: "prod", "example.org/team": "" });
      await other.labels.set("a", { zone: "z1" });
      expect(await catalog.labels.get("a")).toEqual({ zone: "z1" });
      expect(await catalog.labels.get("b")).toEqual({});
      await catalog.removeHive("a");
      expect(await other.labels.get("a")).toEqual({});
      await catalog.addHive(aHive({ id: "a" }));
      expect(await other.labels.get("a")).toEqual({});
    });

    test("patch merges key by key, and null removes", async () => {
      await using site = await openSite();
      const catalog = await withHives(site);
      await catalog.labels.set("a", { env: "prod", zone: "z1", rack: "r1" });
      const after = await catalog.labels.patch("a", { env: "dev", rack: null, team: "ml", nobody: null });
      expect(after).toEqual({ env: "dev", zone: "z1", team: "ml" });
      expect(await catalog.labels.get("a")).toEqual(after);
      expect(await catalog.labels.patch("a", {})).toEqual(after);
    });

    test("two who patch different keys at once lose nothing", async () => {
      await using site = await openSite();
      const catalog = await withHives(site);
      const other = await site.open();
      await Promise.all([
        ...Array.from({ length: 10 }, (_, n) => catalog.labels.patch("a", { [`left-${n}`]: "x" })),
        ...Array.from({ length: 10 }, (_, n) => other.labels.patch("a", { [`right-${n}`]: "y" })),
      ]);
      expect(Object.keys(await catalog.labels.get("a"))).toHaveLength(20);
    });

    test("labels come with addHive, updateHive and patchHive", async () => {
      await using site = await openSite();
      const catalog = await withHives(site);
      const added = await catalog.addHive({ id: "d", host: "h", port: 1, labels: { env: "prod", zone: "z1" } });
      expect(await catalog.getHive("d")).toEqual(added);
      expect(added).not.toHaveProperty("labels");
      expect(await catalog.labels.get("d")).toEqual({ env: "prod", zone: "z1" });
      await catalog.updateHive({ ...added, port: 2 });
      expect(await catalog.labels.get("d")).toEqual({ env: "prod", zone: "z1" });
      await catalog.updateHive({ ...added, labels: { rack: "r1" } });
      expect(await catalog.labels.get("d")).toEqual({ rack: "r1" });
      expect(await catalog.patchHive("d", { labels: { rack: null, env: "dev" }, port: 3 })).toMatchObject({ port: 3 });
      expect(await catalog.labels.get("d")).toEqual({ env: "dev" });
      await catalog.patchHive("d", { labels: { zone: "z2" } });
      expect(await catalog.labels.get("d")).toEqual({ env: "dev", zone: "z2" });
      await catalog.patchHive("d", { labels: { rack: "r1" }, port: 4 }, { replacesLabels: true });
      expect(await catalog.labels.get("d")).toEqual({ rack: "r1" });
      await catalog.patchHive("d", { port: 5 }, { replacesLabels: true });
      expect(await catalog.labels.get("d")).toEqual({});
      await catalog.labels.set("d", { zone: "z2" });
      await catalog.updateHive({ ...added, labels: {} });
      expect(await catalog.labels.get("d")).toEqual({});
    });

    test("a patch that keeps labels sets those that are not there, and is refused whole where one has another value", async () => {
      await using site = await openSite();
      const catalog = await withHives(site);
      await catalog.labels.set("a", { env: "prod", old: "x" });
      const patch = (labels: LabelChanges) => catalog.patchHive("a", { labels, port: 9 }, { keepsLabels: true });
      expect(await refusalOf(patch({ env: "dev", rack: "r1", old: null }))).toMatchObject({
        code: "INVALID_HIVE",
        problems: [{ field: "labels", message: "must be no other values than those that are there" }],
      });
      expect((await catalog.getHive("a"))?.port).not.toBe(9);
      expect(await catalog.labels.get("a")).toEqual({ env: "prod", old: "x" });
      expect((await patch({ env: "prod", rack: "r1", old: null })).port).toBe(9);
      expect(await catalog.labels.get("a")).toEqual({ env: "prod", rack: "r1" });
      const replace = (env: string) =>
        catalog.patchHive("a", { labels: { env } }, { keepsLabels: true, replacesLabels: true });
      expect(await refusalOf(replace("dev"))).toMatchObject({ code: "INVALID_HIVE" });
      await replace("prod");
      expect(await catalog.labels.get("a")).toEqual({ env: "prod" });
    });

    test("what is refused changes no label", async () => {
      await using site = await openSite();
      const catalog = await withHives(site);
      await catalog.labels.set("a", { env: "prod" });
      const record = aHive({ id: "a" });
      const labels = { env: "dev" };
      expect((await refusalOf(catalog.addHive({ ...record, labels }))).code).toBe("HIVE_ALREADY_EXISTS");
      expect((await refusalOf(catalog.patchHive("a", { sshPort: 22, sshHost: null, labels }))).code).toBe(
        "INVALID_HIVE",
      );
      expect((await refusalOf(catalog.updateHive({ ...record, id: "no", labels }))).code).toBe("HIVE_NOT_FOUND");
      expect((await refusalOf(catalog.labels.set("no", labels))).code).toBe("HIVE_NOT_FOUND");
      expect((await refusalOf(catalog.labels.patch("no", labels))).code).toBe("HIVE_NOT_FOUND");
      expect((await refusalOf(catalog.patchHive("no", { labels }))).code).toBe("HIVE_NOT_FOUND");
      expect(await catalog.labels.get("a")).toEqual({ env: "prod" });
      expect(await catalog.labels.keys()).toMatchObject([{ key: "env", count: 1, values: [{ value: "prod" }] }]);
    });

    test("a wrong label is named, wherever it comes in", async () => {
      await using site = await openSite();
      const catalog = await withHives(site);
      const labels = { "hive/role": "x", größe: "x", ok: "-" };
      const named = ["labels.größe", "labels.hive/role", "labels.ok"];
      for (const call of [
        () => catalog.labels.set("a", labels),
        () => catalog.labels.patch("a", labels),
        () => catalog.addHive({ id: "d", host: "h", port: 1, labels }),
        () => catalog.updateHive({ ...aHive({ id: "a" }), labels }),
        () => catalog.patchHive("a", { labels }),
      ]) {
        const error = await refusalOf(call());
        expect(error.code).toBe("INVALID_HIVE");
        expect(fieldsOf(error).sort()).toEqual(named.toSorted());
      }
    });

    test("64 labels of 63 characters are kept, and a 65th is refused, also by a merge", async () => {
      await using site = await openSite();
      const catalog = await withHives(site);
      await catalog.labels.set("a", longLabels);
      expect(await catalog.labels.get("a")).toEqual(longLabels);
      const error = await refusalOf(catalog.labels.patch("a", { one: "more" }));
      expect([error.code, fieldsOf(error)]).toEqual(["INVALID_HIVE", ["labels"]]);
      expect(fieldsOf(await refusalOf(catalog.patchHive("a", { port: 5, labels: { one: "more" } })))).toEqual([
        "labels",
      ]);
      expect((await catalog.getHive("a"))?.port).not.toBe(5);
      const [first = ""] = Object.keys(longLabels);
      expect(Object.keys(await catalog.labels.patch("a", { [first]: null, one: "more" }))).toHaveLength(64);
      expect(fieldsOf(await refusalOf(catalog.labels.set("b", manyLabels(65))))).toEqual(["labels"]);
    });

    test("a change of labels is a change of the hive, and one that names none is none", async () => {
      await using site = await openSite();
      const clock = { nowMs: NOW_MS };
      const catalog = await withHives(site, clock);
      for (const change of [
        () => catalog.labels.set("a", { env: "prod" }),
        () => catalog.labels.patch("a", { env: "dev" }),
        () => catalog.patchHive("a", { labels: { env: null } }),
      ]) {
        clock.nowMs += 1000;
        await change();
        expect((await catalog.getHive("a"))?.updatedAtMs).toBe(clock.nowMs);
      }
      const lastMs = clock.nowMs;
      clock.nowMs += 1000;
      await catalog.labels.patch("a", {});
      await catalog.patchHive("a", { labels: {} });
      expect((await catalog.getHive("a"))?.updatedAtMs).toBe(lastMs);
      expect((await refusalOf(catalog.labels.patch("no", {}))).code).toBe("HIVE_NOT_FOUND");
    });

    test("the labels of many hives come by their ids", async () => {
      await using site = await openSite();
      const catalog = await site.open();
      const ids = Array.from({ length: 205 }, (_, n) => `hive-${n}`);
      const hives = ids.map((id) => ({ id, host: "h", port: 1, labels: { id, env: "prod" } }));
      for (let at = 0; at < hives.length; at += 32) await catalog.addHives(hives.slice(at, at + 32));
      await catalog.labels.set("hive-7", {});
      const found = await catalog.labels.ofHives([...ids, "nobody", "half \ud800"]);
      expect(found.size).toBe(204);
      expect(found.get("hive-204")).toEqual({ id: "hive-204", env: "prod" });
      expect(await catalog.labels.ofHives([])).toEqual(new Map());
    });

    test("keys come page by page with their values and counts", async () => {
      await using site = await openSite();
      const catalog = await withHives(site);
      await catalog.labels.set("a", { env: "prod", zone: "z1" });
      await catalog.labels.set("b", { env: "dev", rack: "" });
      await catalog.labels.set("c", { env: "prod" });
      const one = { count: 1, isMore: false };
      const values = { hasMoreValues: false };
      expect(await catalog.labels.keys({ limit: 2 })).toEqual([
        {
          ...{ key: "env", count: 3, isMore: false, ...values },
          values: [
            { value: "dev", ...one },
            { value: "prod", count: 2, isMore: false },
          ],
        },
        { key: "rack", ...one, ...values, values: [{ value: "", ...one }] },
      ]);
      expect((await catalog.labels.keys({ after: "rack" })).map(({ key }) => key)).toEqual(["zone"]);
      expect(fieldsOf(await refusalOf(catalog.labels.keys({ limit: 1001 })))).toEqual(["limit"]);
    });

    test("counts end at 1,000 hives and values at 100", async () => {
      await using site = await openSite();
      const catalog = await site.open();
      await site.run(`INSERT INTO hive_labels (hive_id, key, value)
        WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 1200)
        SELECT 'hive-' || i, 'rack', printf('r%03d', i % 150) FROM n UNION ALL SELECT 'hive-' || i, 'env', 'prod' FROM n`);
      const [env, rack] = await catalog.labels.keys();
      expect(env).toEqual({
        ...{ key: "env", count: 1000, isMore: true, hasMoreValues: false },
        values: [{ value: "prod", count: 1000, isMore: true }],
      });
      expect(rack).toMatchObject({ key: "rack", count: 1000, isMore: true, hasMoreValues: true });
      expect(rack?.values.map(({ value }) => value)).toEqual(
        Array.from({ length: 100 }, (_, n) => `r${String(n).padStart(3, "0")}`),
      );
    });

    test("a label that another program damaged takes no other along", async () => {
      await using site = await openSite();
      const catalog = await withHives(site);
      await catalog.labels.set("a", { env: "prod", zone: "z1" });
      await catalog.labels.set("b", { env: "prod" });
      await site.run("UPDATE hive_labels SET value = CAST(x'ff' AS TEXT) WHERE hive_id = 'a' AND key = 'zone'");
      await site.run("INSERT INTO hive_labels (hive_id, key, value) VALUES ('b', x'00', 'x')");
      expect((await refusalOf(catalog.labels.get("a"))).code).toBe("CORRUPT_RECORD");
      expect(await catalog.labels.ofHives(["a", "b"])).toEqual(
        new Map([
          ["a", { env: "prod" }],
          ["b", { env: "prod" }],
        ]),
      );
      expect(await catalog.labels.keys()).toMatchObject([
        { key: "env", count: 2 },
        { key: "zone", values: [] },
      ]);
      await catalog.labels.set("a", { zone: "z2" });
      expect(await catalog.labels.get("a")).toEqual({ zone: "z2" });
    });
  });
}
