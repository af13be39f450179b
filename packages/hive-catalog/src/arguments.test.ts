import { describe, expect, test } from "vitest";
import { fieldsOf, refusalOf } from "../test/refusal.ts";
import { HiveCatalog } from "./catalog.ts";
import { backupCatalog, catalogInfo, checkCatalog, restoreCatalog } from "./maintenance.ts";
import type { HiveStatus, NewHive } from "./model/hive.ts";
import type { Labels } from "./model/label.ts";
import { mintToken } from "./records/token-secrets.ts";
import { openTestCatalog } from "./testing.ts";

const circle: Record<string, unknown> = {};
circle.itself = circle;
/** What JSON cannot show. */
const UNSHOWABLE: [string, unknown][] = [
  ["a circle", circle],
  ["an object with a bigint", { port: 8600n }],
  ["an object whose toJSON throws", { toJSON: () => JSON.parse("{") }],
];

describe.each(UNSHOWABLE)("%s in place of an argument", (_what, value) => {
  test("is refused like any other value, wherever it is handed in", async () => {
    await using catalog = await openTestCatalog();
    await catalog.addHive({ id: "a", host: "h", port: 1 });
    const refused = {
      status: catalog.findHivesByStatus(value as HiveStatus),
      limit: catalog.listHives({ limit: value as number }),
      maxAgeMs: catalog.findStaleHives(value as number),
      host: catalog.addHive({ id: "b", host: value, port: 1 } as NewHive),
      id: catalog.updateHiveStatus(value as string, "online"),
      location: HiveCatalog.open(value as string),
      busyTimeoutMs: HiveCatalog.open(":memory:", { busyTimeoutMs: value as number }),
    };
    for (const [field, call] of Object.entries(refused)) {
      const refusal = await refusalOf(call);
      expect(refusal.code).toMatch(/^INVALID_/);
      expect(fieldsOf(refusal)).toEqual([field]);
    }
  });
});

test.each([
  ["a promise that nobody awaited", Promise.resolve({ env: "prod" })],
  ["a list", []],
  ["a text", "env=prod"],
])("%s is no labels", async (_what, labels) => {
  await using catalog = await openTestCatalog();
  await catalog.addHive({ id: "a", host: "h", port: 1 });
  const given = labels as unknown as Labels;
  for (const call of [catalog.labels.set("a", given), catalog.labels.patch("a", given)]) {
    const { code, problems } = await refusalOf(call);
    expect({ code, problems }).toMatchObject({ code: "INVALID_HIVE", problems: [{ field: "labels" }] });
  }
});

test.each([null, 5, Object.create(null), "a\0", "\uD800"])("labels of what is no id are refused, %#", async (value) => {
  await using catalog = await openTestCatalog();
  const id = value as string;
  for (const call of [catalog.labels.set(id, { env: "prod" }), catalog.labels.patch(id, { env: "prod" })]) {
    const refusal = await refusalOf(call);
    expect([refusal.code, ...fieldsOf(refusal)]).toEqual(["INVALID_HIVE", "id"]);
  }
});

test.each([undefined, null, 5, {}, [["t", 1]]])("%j is no Map of uses of tokens", async (value) => {
  await using catalog = await openTestCatalog();
  const refusal = await refusalOf(catalog.tokens.used(value as unknown as ReadonlyMap<string, number>));
  expect([refusal.code, ...fieldsOf(refusal)]).toEqual(["INVALID_ARGUMENT", "usedAtMs"]);
});

test("a use of a token at a time that cannot be read back is refused", async () => {
  await using catalog = await openTestCatalog();
  const { token: _, ...minted } = mintToken();
  await catalog.tokens.add({ ...minted, name: "Ops", role: "operator" });
  const refusal = await refusalOf(catalog.tokens.used(new Map([[minted.id, Number.MAX_SAFE_INTEGER]])));
  expect([refusal.code, ...fieldsOf(refusal)]).toEqual(["INVALID_ARGUMENT", "usedAtMs"]);
  expect(await catalog.tokens.list()).toHaveLength(1);
});

test.each(["false", 0, null])("%j is neither true nor false where that is asked", async (value) => {
  await using catalog = await openTestCatalog();
  const is = value as unknown as boolean;
  const refused = {
    migrate: HiveCatalog.open(":memory:", { migrate: is }),
    cordoned: catalog.findHives({ cordoned: is }),
    descending: catalog.findHives({ descending: is }),
    unlessLastOperator: catalog.tokens.revoke("t", { unlessLastOperator: is }),
    replacesLabels: catalog.patchHive("a", {}, { replacesLabels: is }),
    keepsLabels: catalog.patchHive("a", {}, { keepsLabels: is }),
    force: restoreCatalog("backup.db", "hives.db", { force: is }),
  };
  for (const [field, call] of Object.entries(refused)) {
    const refusal = await refusalOf(call);
    expect([refusal.code, ...fieldsOf(refusal)]).toEqual(["INVALID_ARGUMENT", field]);
  }
});

test.each([null, 5, Symbol("token"), Object.create(null)])("what is no text is no authToken, %#", async (value) => {
  const refusal = await refusalOf(HiveCatalog.open("http://127.0.0.1:9", { authToken: value as string }));
  expect([refusal.code, ...fieldsOf(refusal)]).toEqual(["INVALID_ARGUMENT", "authToken"]);
});

test("what options of the maintenance throw when they are read is an error of the catalog, too", async () => {
  const thrown = new Error("no options here");
  const options = new Proxy(
    {},
    {
      ownKeys: () => {
        throw thrown;
      },
    },
  );
  for (const call of [checkCatalog, catalogInfo, (path: string) => backupCatalog(path, "backup.db", options)]) {
    expect(await refusalOf(call("hives.db", options))).toMatchObject({ code: "INTERNAL", cause: thrown });
  }
});

test("an onProgress that is no function is refused", async () => {
  const onProgress = 5 as unknown as () => void;
  for (const copy of [backupCatalog, restoreCatalog]) {
    const refusal = await refusalOf(copy("hives.db", "other.db", { onProgress }));
    expect([refusal.code, ...fieldsOf(refusal)]).toEqual(["INVALID_ARGUMENT", "onProgress"]);
  }
});
