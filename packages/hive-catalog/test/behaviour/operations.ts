import { describe, expect, test } from "vitest";
import { aHive } from "../../src/testing.ts";
import { fieldsOf, refusalOf } from "../refusal.ts";
import { anOperation, NOW_MS, withHives } from "./samples.ts";
import type { Site } from "./site.ts";

const DAY_MS = 24 * 3_600_000;

export function describeOperations(name: string, openSite: () => Promise<Site>): void {
  describe(`${name}: operations`, () => {
    test("an operation is begun, saved, finished, and read by another catalog at every point", async () => {
      await using site = await openSite();
      const clock = { nowMs: NOW_MS };
      const catalog = await withHives(site, clock);
      const other = await site.open();
      const begun = await catalog.operations.begin(anOperation("op-1"));
      expect(begun).toEqual({
        ...anOperation("op-1"),
        state: "running",
        steps: [],
        outputTail: "",
        problem: null,
        createdAtMs: NOW_MS,
        finishedAtMs: null,
      });
      expect(await other.operations.get("op-1")).toEqual(begun);
      const steps = [
        { name: "copy", state: "done", startedAtMs: NOW_MS, endedAtMs: NOW_MS + 1, detail: "4 MB\nok" },
        { name: "start", state: "running", startedAtMs: NOW_MS + 1, endedAtMs: null, detail: null },
      ] as const;
      const progress = { steps: [...steps], outputTail: "\u001b[31mred\r\n'😀" };
      expect(await catalog.operations.save("op-1", progress)).toBe(true);
      expect(await other.operations.unfinished()).toEqual([{ ...begun, ...progress }]);
      clock.nowMs += 9;
      expect(await catalog.operations.finish("op-1", { state: "failed", problem: "no route" })).toBe(true);
      const finished = { ...begun, ...progress, state: "failed", problem: "no route", finishedAtMs: NOW_MS + 9 };
      expect(await other.operations.get("op-1")).toEqual(finished);
      expect(await other.operations.finish("op-1", { state: "succeeded" })).toBe(false);
      expect(await other.operations.save("op-1", { steps: [], outputTail: "" })).toBe(false);
      expect(await other.operations.list()).toEqual([finished]);
      expect(await other.operations.unfinished()).toEqual([]);
    });

    test("latestOf tells of many hives the newest operation each, whether it runs or has ended", async () => {
      await using site = await openSite();
      const catalog = await withHives(site);
      const { operations } = catalog;
      await operations.begin(anOperation("op-1"));
      await operations.finish("op-1", { state: "failed", problem: "no route" });
      await operations.begin(anOperation("op-2"));
      await operations.begin({ ...anOperation("op-3", "b"), kind: "install" });
      await operations.finish("op-3", { state: "succeeded" });
      const latest = await operations.latestOf(["b", "a", "no-such", "a"]);
      const common = { createdAtMs: NOW_MS };
      expect(Object.fromEntries(latest)).toEqual({
        a: { id: "op-2", hiveId: "a", kind: "start", state: "running", finishedAtMs: null, ...common },
        b: { id: "op-3", hiveId: "b", kind: "install", state: "succeeded", finishedAtMs: NOW_MS, ...common },
      });
      const many = Array.from({ length: 250 }, (_, n) => `other-${n}`);
      expect([...(await operations.latestOf([...many, "b"])).keys()]).toEqual(["b"]);
      expect((await refusalOf(operations.latestOf("a" as never))).code).toBe("INVALID_ARGUMENT");
    });

    test("latestOf tells nothing of a hive that was removed, nor of one that was added anew under its id", async () => {
      await using site = await openSite();
      const catalog = await withHives(site);
      await catalog.operations.begin(anOperation("op-1"));
      await catalog.removeHive("a");
      expect((await catalog.operations.latestOf(["a"])).size).toBe(0);
      await catalog.addHive(aHive({ id: "a" }));
      expect((await catalog.operations.latestOf(["a"])).size).toBe(0);
      await catalog.operations.begin(anOperation("op-2"));
      expect((await catalog.operations.latestOf(["a"])).get("a")?.id).toBe("op-2");
    });

    test("of many that begin at once on one hive exactly one does; the others throw OPERATION_IN_PROGRESS", async () => {
      await using site = await openSite();
      const catalogs = [await withHives(site), await site.open()];
      const begins = Array.from({ length: 8 }, (_, index) =>
        catalogs[index % 2]?.operations.begin(anOperation(`op-${index}`)),
      );
      const outcomes = await Promise.allSettled(begins);
      const refused = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
      expect(refused).toHaveLength(7);
      const [winner] = (await catalogs[0]?.operations.unfinished()) ?? [];
      for (const reason of refused) {
        expect(reason).toMatchObject({
          code: "OPERATION_IN_PROGRESS",
          hiveId: "a",
          message: expect.stringContaining(`'${winner?.id}'`),
        });
      }
      expect(await catalogs[1]?.operations.begin(anOperation("op-b", "b"))).toMatchObject({ hiveId: "b" });
      await catalogs[1]?.operations.finish(winner?.id ?? "", { state: "cancelled" });
      expect(await catalogs[0]?.operations.begin(anOperation("op-next"))).toMatchObject({ id: "op-next" });
    });

    test("begin refuses a hive that is not there, and an id that is taken", async () => {
      await using site = await openSite();
      const catalog = await withHives(site);
      expect(await refusalOf(catalog.operations.begin(anOperation("op", "nobody")))).toMatchObject({
        code: "HIVE_NOT_FOUND",
      });
      await catalog.operations.begin(anOperation("op"));
      expect(await refusalOf(catalog.operations.begin(anOperation("op", "b")))).toMatchObject({
        code: "INVALID_ARGUMENT",
        problems: [{ field: "id" }],
      });
    });

    test("lists are newest first, page by page, of one hive or of all", async () => {
      await using site = await openSite();
      const clock = { nowMs: NOW_MS };
      const catalog = await withHives(site, clock);
      for (const [index, hiveId] of ["a", "b", "a", "b", "a"].entries()) {
        clock.nowMs -= 1000; // A clock that is set back makes no older operation newer.
        await catalog.operations.begin(anOperation(`op-${index}`, hiveId));
        await catalog.operations.finish(`op-${index}`, { state: "succeeded" });
      }
      const ids = async (options: Parameters<typeof catalog.operations.list>[0]) =>
        (await catalog.operations.list(options)).map(({ id }) => id);
      expect(await ids({})).toEqual(["op-4", "op-3", "op-2", "op-1", "op-0"]);
      expect(await ids({ hiveId: "b" })).toEqual(["op-3", "op-1"]);
      expect(await ids({ limit: 2, after: "op-3" })).toEqual(["op-2", "op-1"]);
      expect(await ids({ hiveId: "a", after: "op-3" })).toEqual(["op-2", "op-0"]);
      expect(fieldsOf(await refusalOf(catalog.operations.list({ after: "op-9" })))).toEqual(["after"]);
    });

    test("finds operations by state, kind and hive, the newest first, page by page", async () => {
      await using site = await openSite();
      const { operations } = await withHives(site);
      for (const [index, hiveId] of ["a", "b", "a", "b", "a"].entries()) {
        await operations.begin({ ...anOperation(`op-${index}`, hiveId), kind: index < 2 ? "install" : "stop" });
        if (index < 4) await operations.finish(`op-${index}`, { state: index % 2 ? "failed" : "succeeded" });
      }
      const found = async (options: Parameters<typeof operations.find>[0]) => {
        const page = await operations.find(options);
        return [page.operations.map(({ id }) => id).join(), page.nextAfter];
      };
      expect(await found({})).toEqual(["op-4,op-3,op-2,op-1,op-0", null]);
      expect(await found({ state: "running" })).toEqual(["op-4", null]);
      expect(await found({ state: "running", hiveId: "b" })).toEqual(["", null]);
      expect(await found({ state: "running", kind: "install" })).toEqual(["", null]);
      expect(await found({ state: "failed" })).toEqual(["op-3,op-1", null]);
      expect(await found({ kind: "stop", state: "succeeded" })).toEqual(["op-2", null]);
      expect(await found({ kind: "install", hiveId: "a" })).toEqual(["op-0", null]);
      expect(await found({ state: ["failed", "running"] })).toEqual(["op-4,op-3,op-1", null]);
      expect(await found({ state: ["running", "running"] })).toEqual(["op-4", null]);
      expect(await found({ kind: ["install", "stop"], state: "succeeded" })).toEqual(["op-2,op-0", null]);
      expect(await found({ kind: "stop", limit: 2 })).toEqual(["op-4,op-3", "op-3"]);
      expect(await found({ kind: "stop", limit: 2, after: "op-3" })).toEqual(["op-2", null]);
      expect(await found({ kind: "stop", hiveId: "nobody" })).toEqual(["", null]);
      const wrong = operations.find({ state: "lost" as never, kind: "eaten" as never });
      expect(fieldsOf(await refusalOf(wrong)).toSorted()).toEqual(["kind", "state"]);
      const noneOf = operations.find({ state: [], kind: ["stop", "eaten" as never] });
      expect(fieldsOf(await refusalOf(noneOf)).toSorted()).toEqual(["kind", "state"]);
      expect(fieldsOf(await refusalOf(operations.find({ kind: "stop", after: "op-9" })))).toEqual(["after"]);
    });

    test("a page of what is rare among very many operations ends early, and says where to go on", async () => {
      await using site = await openSite();
      const { operations } = await withHives(site);
      await operations.begin(anOperation("rare"));
      await operations.finish("rare", { state: "cancelled" });
      await site.run(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 21000)
        INSERT INTO operations SELECT 'op-' || i, 'b', 'start', 'failed', 'q', 1, 2, 3, NULL, '[]', '', NULL FROM n`);
      const first = await operations.find({ state: "cancelled" });
      expect(first).toEqual({ operations: [], nextAfter: "op-1001" });
      const second = await operations.find({ state: "cancelled", after: "op-1001" });
      expect(second).toMatchObject({ operations: [{ id: "rare" }], nextAfter: null });
    });

    test("of each hive the 50 newest finished ones are kept, and what is not finished", async () => {
      await using site = await openSite();
      const catalog = await withHives(site);
      await catalog.operations.begin(anOperation("of-b", "b"));
      for (let index = 0; index <= 52; index++) {
        await catalog.operations.begin(anOperation(`op-${index}`));
        if (index < 52) await catalog.operations.finish(`op-${index}`, { state: "succeeded" });
      }
      const kept = await catalog.operations.list({ hiveId: "a", limit: 1000 });
      expect(kept.map(({ id }) => id)).toEqual(Array.from({ length: 51 }, (_, index) => `op-${52 - index}`));
      expect(await catalog.operations.unfinished()).toMatchObject([{ id: "op-52" }, { id: "of-b" }]);
    });

    test("the operations of a removed hive are kept for 90 days, also when another hive got its id", async () => {
      await using site = await openSite();
      const clock = { nowMs: NOW_MS };
      const catalog = await withHives(site, clock);
      const ids = async () => (await catalog.operations.list()).map(({ id }) => id);
      for (const id of ["a", "c"]) {
        await catalog.operations.begin(anOperation(`of-${id}`, id));
        await catalog.operations.finish(`of-${id}`, { state: "succeeded" });
      }
      clock.nowMs += 1000;
      await catalog.removeHive("c");
      await catalog.addHive(aHive({ id: "c" }));
      await catalog.operations.begin(anOperation("new-of-c", "c"));
      clock.nowMs += 90 * DAY_MS;
      await catalog.operations.begin(anOperation("of-b", "b"));
      expect(await ids()).toEqual(["of-b", "new-of-c", "of-c", "of-a"]);
      await catalog.operations.finish("of-b", { state: "succeeded" });
      clock.nowMs += 1;
      await catalog.operations.begin(anOperation("next-of-b", "b"));
      expect(await ids()).toEqual(["next-of-b", "of-b", "new-of-c", "of-a"]);
      await catalog.removeHive("c");
      expect(await catalog.operations.get("new-of-c")).toMatchObject({ state: "interrupted" });
    });

    test("those since a hive was added are told from those of one that had its id before, whatever the clock said", async () => {
      await using site = await openSite();
      const clock = { nowMs: NOW_MS };
      const catalog = await withHives(site, clock);
      await catalog.operations.begin(anOperation("before", "c"));
      await catalog.removeHive("c");
      await catalog.addHive(aHive({ id: "c" }));
      clock.nowMs -= DAY_MS;
      await catalog.operations.begin(anOperation("since", "c"));
      const ids = async (sinceAdded?: boolean) =>
        (await catalog.operations.list({ hiveId: "c", sinceAdded })).map(({ id }) => id);
      expect(await ids()).toEqual(["since", "before"]);
      expect(await ids(true)).toEqual(["since"]);
      const ofNone = catalog.operations.list({ sinceAdded: true });
      await expect(ofNone).rejects.toMatchObject({ code: "INVALID_ARGUMENT", problems: [{ field: "sinceAdded" }] });
    });

    test("what is older is pruned a hundred at a time, the longest removed first", async () => {
      await using site = await openSite();
      const catalog = await withHives(site);
      await site.run(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250)
        INSERT INTO operations SELECT 'gone-' || i, 'gone-' || (i % 30), 'start', 'failed', 'q', 1, 2, 3, NULL, '[]', '', 1000 - i FROM n`);
      const newestGone = async () => (await catalog.operations.list({ hiveId: "gone-9", limit: 1 }))[0]?.id;
      const counts: number[] = [];
      for (const hiveId of ["a", "b", "c"]) {
        await catalog.operations.begin(anOperation(hiveId, hiveId));
        counts.push((await catalog.operations.list({ limit: 1000 })).length);
        if (hiveId === "a") expect(await newestGone()).toBe("gone-129");
      }
      expect(counts).toEqual([151, 52, 3]);
    });

    test("to remove a hive ends what is done to it, so that a hive of the same id can have an operation at once", async () => {
      await using site = await openSite();
      const catalog = await withHives(site);
      await catalog.operations.begin(anOperation("first"));
      await catalog.removeHive("a");
      await catalog.addHive(aHive({ id: "a" }));
      expect(await catalog.operations.begin(anOperation("second"))).toMatchObject({ id: "second" });
      expect(await catalog.operations.finish("first", { state: "succeeded" })).toBe(false);
      expect(await catalog.operations.get("first")).toMatchObject({ state: "interrupted" });
    });
  });
}
