import { describe, expect, test } from "vitest";
import { aHive } from "../../src/testing.ts";
import { fieldsOf, refusalOf } from "../refusal.ts";
import { anOperation, HASH, NOW_MS, withHives } from "./samples.ts";
import type { Site } from "./site.ts";

export function describeRecords(name: string, openSite: () => Promise<Site>): void {
  describe(`${name}: removing a hive that has records`, () => {
    test("its cordon and its tokens go with it, those of others stay, and what is done to it ends as interrupted", async () => {
      await using site = await openSite();
      const catalog = await withHives(site);
      for (const hiveId of ["a", "b"]) {
        await catalog.cordons.set(hiveId, { reason: hiveId });
        for (const n of [1, 2])
          await catalog.tokens.add({ id: `${hiveId}-${n}`, name: hiveId, role: "hive", hiveId, hash: HASH });
      }
      await catalog.tokens.add({ id: "ops", name: "Ops", role: "operator", hash: HASH });
      await catalog.operations.begin(anOperation("op"));
      const other = await catalog.operations.begin(anOperation("other", "b"));
      expect(await catalog.removeHive("a")).toBe(true);
      expect(await catalog.cordons.list()).toMatchObject([{ hiveId: "b" }]);
      expect((await catalog.tokens.list()).map(({ id }) => id)).toEqual(["b-1", "b-2", "ops"]);
      expect(await catalog.operations.get("op")).toMatchObject({
        state: "interrupted",
        problem: "the hive was removed",
        finishedAtMs: NOW_MS,
      });
      expect(await catalog.operations.unfinished()).toEqual([other]);
      await catalog.addHive(aHive({ id: "a" }));
      expect(await catalog.cordons.get("a")).toBeUndefined();
      expect(await catalog.operations.begin(anOperation("next"))).toMatchObject({ hiveId: "a", state: "running" });
    });
  });

  describe(`${name}: what is not valid`, () => {
    const wrong: readonly (readonly [
      string,
      string,
      (catalog: Awaited<ReturnType<Site["open"]>>) => Promise<unknown>,
    ])[] = [
      ["reason", "cordons.set without a reason", ({ cordons }) => cordons.set("a", { reason: "" })],
      ["reason", "cordons.set with a line break", ({ cordons }) => cordons.set("a", { reason: "a\nb" })],
      ["reason", "cordons.set that turns its line", ({ cordons }) => cordons.set("a", { reason: "a\u202Eb" })],
      ["reason", "cordons.set with a line separator", ({ cordons }) => cordons.set("a", { reason: "a\u2028b" })],
      ["hiveId", "cordons.set of an impossible id", ({ cordons }) => cordons.set("a\0", { reason: "x" })],
      ["limit", "cordons.list", ({ cordons }) => cordons.list({ limit: 0 })],
      [
        "hash",
        "tokens.add with capitals",
        ({ tokens }) => tokens.add({ id: "t", name: "T", role: "reader", hash: HASH.toUpperCase() }),
      ],
      [
        "hiveId",
        "tokens.add of a reader with a hive",
        ({ tokens }) => tokens.add({ id: "t", name: "T", role: "reader", hiveId: "a", hash: HASH }),
      ],
      [
        "hiveId",
        "tokens.add of a hive without one",
        ({ tokens }) => tokens.add({ id: "t", name: "T", role: "hive", hash: HASH }),
      ],
      ["owner", "operations.begin", ({ operations }) => operations.begin({ ...anOperation("o"), owner: "" })],
      [
        "steps",
        "operations.save",
        ({ operations }) => operations.save("o", { steps: Array(101).fill(0), outputTail: "" }),
      ],
      [
        "outputTail",
        "operations.save",
        ({ operations }) => operations.save("o", { steps: [], outputTail: "x".repeat(65_537) }),
      ],
      ["id", "queens.renew", ({ queens }) => queens.renew("two words")],
      ["state", "operations.finish", ({ operations }) => operations.finish("o", { state: "running" as "failed" })],
      [
        "keyType",
        "hostKeys.pin",
        ({ hostKeys }) => hostKeys.pin({ host: "h", port: 22, keyType: "a b", publicKey: "AAAA" }),
      ],
      [
        "publicKey",
        "hostKeys.pin",
        ({ hostKeys }) => hostKeys.pin({ host: "h", port: 22, keyType: "ssh-rsa", publicKey: "not base64" }),
      ],
    ];
    test("is refused with INVALID_ARGUMENT and the field, before it is stored", async () => {
      await using site = await openSite();
      const catalog = await withHives(site);
      for (const [field, , call] of wrong) {
        const refusal = await refusalOf(call(catalog));
        expect([refusal.code, fieldsOf(refusal)[0]?.split(".")[0]]).toEqual(["INVALID_ARGUMENT", field]);
      }
      expect([await catalog.cordons.list(), await catalog.tokens.list(), await catalog.hostKeys.list()]).toEqual([
        [],
        [],
        [],
      ]);
    });
  });
}
