import { describe, expect, test } from "vitest";
import { aHive } from "../../src/testing.ts";
import { fieldsOf, refusalOf } from "../refusal.ts";
import type { Site } from "./site.ts";

const NOW_MS = 1_761_040_800_000;
const HASH = "0123456789abcdef".repeat(4);
const PUBLIC_KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIJ8mM5Y7Z0000000000000000000000000000000000000Aa";

/** A catalog with hives `a`, `b`, `c`, whose clock stands where `clock.nowMs` says. */
async function withHives(site: Site, clock = { nowMs: NOW_MS }) {
  const catalog = await site.open({ now: () => clock.nowMs });
  for (const id of ["a", "b", "c"]) await catalog.addHive(aHive({ id }));
  return catalog;
}

function anOperation(id: string, hiveId = "a") {
  return { id, hiveId, kind: "start", owner: "queen-1", deadlineMs: NOW_MS + 60_000 } as const;
}

export function describeRecords(name: string, openSite: () => Promise<Site>): void {
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
  });

  describe(`${name}: host keys`, () => {
    test("one key of each type is pinned for a host and port, whatever the case of the host's name", async () => {
      await using site = await openSite();
      const catalog = await site.open({ now: () => NOW_MS });
      const key = { host: "gpu.example", port: 22, keyType: "ssh-ed25519", publicKey: PUBLIC_KEY };
      const pinned = await catalog.hostKeys.pin({ ...key, host: "GPU.Example" });
      expect(pinned).toEqual({ ...key, pinnedAtMs: NOW_MS });
      const rsa = await catalog.hostKeys.pin({ ...key, keyType: "rsa-sha2-512" });
      const elsewhere = await catalog.hostKeys.pin({ ...key, port: 2222 });
      const other = await site.open({ now: () => NOW_MS + 1 });
      expect(await other.hostKeys.find("gpu.EXAMPLE", 22)).toEqual([rsa, pinned]);
      const changed = await other.hostKeys.pin({ ...key, publicKey: "AAAAB3Nz" });
      expect(await catalog.hostKeys.find(key.host, 22)).toEqual([rsa, changed]);
      expect(await catalog.hostKeys.list()).toEqual([changed, rsa, elsewhere]);
      expect(await catalog.hostKeys.remove("GPU.example", 22)).toBe(true);
      expect(await catalog.hostKeys.remove("gpu.example", 22)).toBe(false);
      expect(await catalog.hostKeys.list()).toEqual([elsewhere]);
    });
  });

  describe(`${name}: removing a hive that has records`, () => {
    test("its cordon and its tokens go with it, those of others stay, and so do its operations", async () => {
      await using site = await openSite();
      const catalog = await withHives(site);
      for (const hiveId of ["a", "b"]) {
        await catalog.cordons.set(hiveId, { reason: hiveId });
        for (const n of [1, 2])
          await catalog.tokens.add({ id: `${hiveId}-${n}`, name: hiveId, role: "hive", hiveId, hash: HASH });
      }
      await catalog.tokens.add({ id: "ops", name: "Ops", role: "operator", hash: HASH });
      await catalog.operations.begin(anOperation("op"));
      expect(await catalog.removeHive("a")).toBe(true);
      expect(await catalog.cordons.list()).toMatchObject([{ hiveId: "b" }]);
      expect((await catalog.tokens.list()).map(({ id }) => id)).toEqual(["b-1", "b-2", "ops"]);
      expect(await catalog.operations.unfinished()).toMatchObject([{ id: "op" }]);
      await catalog.addHive(aHive({ id: "a" }));
      expect(await catalog.cordons.get("a")).toBeUndefined();
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
      ["hiveId", "cordons.set of an impossible id", ({ cordons }) => cordons.set("-a", { reason: "x" })],
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
