import { describe, expect, test } from "vitest";
import type { DamagedHive, FindOptions } from "../../src/options.ts";
import { aHive } from "../../src/testing.ts";
import { checkPages } from "../check-pages.ts";
import { ModelFleet } from "../model-fleet.ts";
import { Random } from "../random.ts";
import { fieldsOf, refusalOf } from "../refusal.ts";
import { allOf } from "../stream.ts";
import { NOW_MS } from "./samples.ts";
import type { Site } from "./site.ts";

/** More than one window of the smallest size. */
const FLEET = 600;

export function describeFinding(name: string, openSite: () => Promise<Site>, queries: number): void {
  describe(`${name}: finding hives`, () => {
    test("whatever is asked of a random fleet, the pages hold what a plain filter finds, also while hives change", async () => {
      await using site = await openSite();
      const random = new Random(18);
      const catalog = await site.open({ now: () => NOW_MS });
      const fleet = new ModelFleet(random);
      await site.run(...fleet.fill(FLEET));
      await catalog.gpuRows.derive();
      for (let n = 0; n < queries; n++) {
        await checkPages(catalog, fleet, fleet.query(), random.pick([20, 60, 250]));
        await checkPages(catalog, fleet, fleet.query(), 40, () => fleet.change(catalog));
      }
      for (let n = 0; n < queries / 6; n++) {
        const query = fleet.query();
        const streamed = await allOf(catalog.streamFoundHives({ ...query, pageSize: 50 }));
        expect(streamed.map(({ id }) => id)).toEqual(fleet.expected(query));
      }
    }, 120_000);

    test("the same before the rows of GPUs are derived", async () => {
      await using site = await openSite();
      const fleet = new ModelFleet(new Random(19));
      await (await site.open()).close();
      await site.run(...fleet.fill(FLEET));
      const catalog = await site.open();
      expect(catalog.gpuRows.left).toBeGreaterThan(0);
      await checkPages(catalog, fleet, { gpu: "nvidia:24GB" }, 30);
      await checkPages(catalog, fleet, { gpu: "0..0", selector: "env=prod" }, 100);
    });

    test("what is wrong is named: the option, the place, the rule, and what arrived", async () => {
      await using site = await openSite();
      const catalog = await site.open();
      const wrong: [FindOptions, string, string][] = [
        [{ selector: "env=prod=x" }, "selector", "selector at character 9: expected ',' or the end, got '='"],
        [
          { selector: `${"a,".repeat(16)}a` },
          "selector",
          "selector at character 33: expected at most 16 terms, got 'a'",
        ],
        [{ gpu: "24" + "x" }, "gpu", "gpu at character 1: expected a size such as 24GB, in MB, GB or TB, got '24x'"],
        [{ ram: "many" }, "ram", "ram at character 1: expected a size such as 24GB, in MB, GB or TB, got 'many'"],
        [{ cores: "-1" }, "cores", "cores at character 1: expected a number of at most 9 digits, got '-1'"],
        [{ status: "dead" as "online" }, "status", 'status must be one of unknown, online, offline, got "dead"'],
        [{ text: "" }, "text", "text must be a text of 1 to 253 characters"],
        [{ text: "half \ud800" }, "text", "text must be a text of 1 to 253 characters"],
        [{ descending: 1 as never }, "descending", "descending must be true or false, got 1"],
        [{ ids: "a" as never }, "ids", "ids must be a list of at most 100 ids"],
        [{ ids: Array.from({ length: 101 }, String) }, "ids", "ids must be a list of at most 100 ids"],
        [{ limit: 1001 }, "limit", "limit must be an integer from 1 to 1000, got 1001"],
        [{ limit: 0 }, "limit", "limit must be an integer from 1 to 1000, got 0"],
        [
          { gpus: "nvidia" } as FindOptions,
          "gpus",
          expect.stringContaining("gpus is not an option; there are: selector"),
        ],
      ];
      for (const [options, field, message] of wrong) {
        const error = await refusalOf(catalog.findHives(options));
        expect([error.code, fieldsOf(error), error.message]).toEqual(["INVALID_ARGUMENT", [field], message]);
      }
      expect((await refusalOf(allOf(catalog.streamFoundHives({ selector: "," })))).code).toBe("INVALID_ARGUMENT");
      expect(fieldsOf(await refusalOf(allOf(catalog.streamFoundHives({ pageSize: 0 }))))).toEqual(["pageSize"]);
    });

    test("a selector of 2,000 characters and 64 labels of 63 characters are no burden", async () => {
      await using site = await openSite();
      const catalog = await site.open();
      const key = (n: number) => `${String(n).padStart(2, "0")}${"k".repeat(61)}`;
      const labels = Object.fromEntries(Array.from({ length: 64 }, (_, n) => [key(n), "v".repeat(63)]));
      await catalog.addHive({ ...aHive({ id: "a" }), labels });
      const selector = Array.from({ length: 15 }, (_, n) => `${key(n)}=${"v".repeat(63)}`).join(",");
      const whole = `${selector},${key(20)}`.padEnd(2000, " ");
      expect((await catalog.findHives({ selector: whole })).hives).toMatchObject([{ id: "a" }]);
      expect((await catalog.findHives({ selector: `${selector},!${key(20)}` })).hives).toEqual([]);
    });

    test("a damaged row takes no other along, and is told", async () => {
      await using site = await openSite();
      const catalog = await site.open();
      for (const id of ["a", "b", "c"]) await catalog.addHive({ ...aHive({ id }), labels: { env: "prod" } });
      await catalog.addHive({ ...aHive({ id: "d" }), labels: { env: "prod" } });
      await site.run(
        "UPDATE hives SET port = 'x' WHERE id = 'a'",
        "UPDATE hives SET devices_json = '{' WHERE id = 'b'",
        "UPDATE hive_labels SET value = x'ff' WHERE hive_id = 'c'",
      );
      const damage: DamagedHive[] = [];
      const found = (options: FindOptions) =>
        catalog.findHives({ ...options, onCorruptHive: (damaged) => damage.push(damaged) });
      expect((await found({ selector: "env=prod" })).hives).toMatchObject([{ id: "d" }]);
      expect(damage.map(({ id, column }) => `${id} ${column}`)).toEqual(["a port", "b devices_json"]);
      expect((await found({ cores: "1", text: "d" })).hives).toMatchObject([{ id: "d" }]);
      expect((await found({ gpu: "1", limit: 1 })).hives).toHaveLength(1);
    });

    test("a window ends before or after an id that is no text, and goes on", async () => {
      await using site = await openSite();
      const catalog = await site.open({ now: () => NOW_MS, onCorruptHive: () => {} });
      const fleet = new ModelFleet(new Random(20));
      await site.run(...fleet.fill(FLEET));
      // The window of 250 ends at the first of them.
      const damaged = Array.from({ length: 3 }, (_, n) => `hive-${String(249 + n).padStart(4, "0")}`);
      for (const id of damaged) {
        await site.run(`UPDATE hives SET id = CAST(CAST('${id}' AS BLOB) || x'ff' AS TEXT) WHERE id = '${id}'`);
        fleet.hives.delete(id);
      }
      await checkPages(catalog, fleet, { text: "z1" }, 20);
      await checkPages(catalog, fleet, {}, 250);
    });

    test("hives whose rows stayed behind are not found, and a cordon that has ended is none", async () => {
      await using site = await openSite();
      const clock = { nowMs: NOW_MS };
      const catalog = await site.open({ now: () => clock.nowMs });
      for (const id of ["a", "b"]) await catalog.addHive({ ...aHive({ id }), labels: { env: "prod" } });
      await catalog.cordons.set("b", { reason: "x", untilMs: clock.nowMs + 10 });
      const ids = async (options: FindOptions) => (await catalog.findHives(options)).hives.map(({ id }) => id);
      expect(await ids({ cordoned: true, selector: "env" })).toEqual(["b"]);
      clock.nowMs += 10;
      expect(await ids({ cordoned: true })).toEqual([]);
      expect(await ids({ cordoned: false })).toEqual(["a", "b"]);
      await site.run("DELETE FROM hives WHERE id = 'a'");
      expect(await ids({ selector: "env=prod" })).toEqual(["b"]);
      expect(await ids({ gpu: "rtx4090" })).toEqual(["b"]);
    });
  });
}
