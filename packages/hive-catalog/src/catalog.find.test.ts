import { expect, test } from "vitest";
import { refusalOf } from "../test/refusal.ts";
import { allOf } from "../test/stream.ts";
import type { HiveCatalog } from "./catalog.ts";
import type { HiveRecord, HiveStatus } from "./model/hive.ts";
import type { ListOptions } from "./options.ts";
import { aHive, openTestCatalog } from "./testing.ts";

const NOW_MS = 1_761_040_800_000;

const idsOf = (hives: HiveRecord[]) => hives.map(({ id }) => id);

/** Three hives of each status, with devices every second one: a-online, a-offline, … c-unknown. */
async function fleet(): Promise<HiveCatalog> {
  const catalog = await openTestCatalog({ now: () => NOW_MS });
  let count = 0;
  for (const letter of ["c", "a", "b"]) {
    for (const status of ["online", "offline", "unknown"] as const) {
      const devices = count++ % 2 === 0 ? { cpu: null, gpus: [] } : null;
      await catalog.addHive(aHive({ id: `${letter}-${status}`, status, devices }));
    }
  }
  return catalog;
}

test("countHives, countByStatus and hiveExists follow adds, changes and removals", async () => {
  await using catalog = await fleet();
  expect(await catalog.countHives()).toBe(9);
  expect(await catalog.countByStatus("online")).toBe(3);
  await catalog.updateHiveStatus("a-online", "offline");
  await catalog.removeHive("b-online");
  expect(await catalog.countHives()).toBe(8);
  expect(await catalog.countByStatus("online")).toBe(1);
  expect(await catalog.countByStatus("offline")).toBe(4);
  expect(await catalog.hiveExists("a-online")).toBe(true);
  expect(await catalog.hiveExists("b-online")).toBe(false);
});

const finders: [string, (catalog: HiveCatalog, options?: ListOptions) => Promise<HiveRecord[]>][] = [
  ["listHives", (catalog, options) => catalog.listHives(options)],
  ["findHivesByStatus", (catalog, options) => catalog.findHivesByStatus("online", options)],
  ["findOnlineHives", (catalog, options) => catalog.findOnlineHives(options)],
  ["findOfflineHives", (catalog, options) => catalog.findOfflineHives(options)],
  ["findHivesWithDevices", (catalog, options) => catalog.findHivesWithDevices(options)],
  ["findHivesWithoutDevices", (catalog, options) => catalog.findHivesWithoutDevices(options)],
];

test.each(finders)("%s in pages of any size resolves to what it resolves to as a whole", async (_name, find) => {
  await using catalog = await fleet();
  const whole = await find(catalog);
  expect(whole.length).toBeGreaterThan(2);
  for (let limit = 1; limit <= whole.length + 1; limit++) {
    const joined: HiveRecord[] = [];
    for (let after: string | undefined; ; ) {
      const page = await find(catalog, { after, limit });
      joined.push(...page);
      if (page.length < limit) break;
      after = page.at(-1)?.id;
    }
    expect(joined, `limit ${limit}`).toEqual(whole);
  }
});

const BAD_LIMITS = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, "10", null, true];

test.each(finders)("%s throws INVALID_ARGUMENT for a bad limit or after, naming it", async (_name, find) => {
  await using catalog = await fleet();
  for (const limit of BAD_LIMITS) {
    const error = await refusalOf(find(catalog, { limit } as ListOptions));
    expect(error, String(limit)).toMatchObject({ code: "INVALID_ARGUMENT", problems: [{ field: "limit" }] });
    expect(error.message).toContain("limit must be an integer from 1");
  }
  for (const after of [5, null, {}]) {
    const error = await refusalOf(find(catalog, { after } as unknown as ListOptions));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", problems: [{ field: "after" }] });
  }
});

test("after need not be the id of a hive that is there: the page begins behind its place", async () => {
  await using catalog = await fleet();
  expect(idsOf(await catalog.listHives({ after: "b", limit: 2 }))).toEqual(["b-offline", "b-online"]);
  expect(idsOf(await catalog.listHives({ after: "" }))).toHaveLength(9);
  expect(idsOf(await catalog.listHives({ after: "b " }))).toHaveLength(6);
  expect(await catalog.listHives({ after: "zzz" })).toEqual([]);
});

test("a limit beyond the fleet resolves to the whole fleet", async () => {
  await using catalog = await fleet();
  expect(await catalog.listHives({ limit: Number.MAX_SAFE_INTEGER })).toHaveLength(9);
});

test.each(["Online", "", "dead", null, undefined, 5])(
  "the status %j is refused with INVALID_ARGUMENT",
  async (status) => {
    await using catalog = await fleet();
    for (const call of [catalog.findHivesByStatus(status as HiveStatus), catalog.countByStatus(status as HiveStatus)]) {
      expect(await refusalOf(call)).toMatchObject({ code: "INVALID_ARGUMENT", problems: [{ field: "status" }] });
    }
  },
);

test.each([{ status: [] }, { status: ["online", "dead"] }, { status: "dead" }, { status: null }, { status: [null] }])(
  "findHives refuses %j with INVALID_ARGUMENT",
  async (options) => {
    await using catalog = await fleet();
    const refusal = await refusalOf(catalog.findHives(options as { status: HiveStatus[] }));
    expect(refusal).toMatchObject({ code: "INVALID_ARGUMENT", problems: [{ field: "status" }] });
  },
);

test("findHives and streamFoundHives take one status, or several, each once", async () => {
  await using catalog = await fleet();
  const online = await catalog.findHivesByStatus("online");
  for (const status of ["online", ["online"], ["online", "online"]] as const)
    expect((await catalog.findHives({ status })).hives).toEqual(online);
  const status = ["unknown", "offline", "unknown"] as const;
  const found = ["a-offline", "a-unknown", "b-offline", "b-unknown", "c-offline", "c-unknown"];
  expect(idsOf((await catalog.findHives({ status })).hives)).toEqual(found);
  expect(idsOf(await allOf(catalog.streamFoundHives({ status, descending: true, pageSize: 2 })))).toEqual(
    found.toReversed(),
  );
});

test("streamHives yields every hive by id, whatever the page size", async () => {
  await using catalog = await fleet();
  const whole = await catalog.listHives();
  for (const pageSize of [1, 2, 8, 9, 10, 500]) {
    expect(await allOf(catalog.streamHives({ pageSize }))).toEqual(whole);
  }
  expect(await allOf(catalog.streamHives())).toEqual(whole);
});

test.each([...BAD_LIMITS, 1001])("streamHives throws INVALID_ARGUMENT for the page size %j", async (pageSize) => {
  await using catalog = await fleet();
  const first = catalog.streamHives({ pageSize: pageSize as number }).next();
  expect(await refusalOf(first)).toMatchObject({ code: "INVALID_ARGUMENT", problems: [{ field: "pageSize" }] });
});

test("streamHives holds 250 hives at once by default", async () => {
  await using catalog = await openTestCatalog();
  const ids = Array.from({ length: 252 }, (_, n) => `hive-${1000 + n}`);
  for (const id of ids) await catalog.addHive(aHive({ id }));
  const stream = catalog.streamHives();
  const first = await stream.next();
  // The last one of the page that is held, and the first one after it.
  await catalog.removeHive(ids[249] ?? "");
  await catalog.removeHive(ids[250] ?? "");
  const rest = await allOf(stream);
  expect([first.value?.id, ...idsOf(rest)]).toEqual(ids.toSpliced(250, 1));
});

test("a fleet larger than one batch is listed whole and in order", async () => {
  await using catalog = await openTestCatalog();
  const ids = Array.from({ length: 2_100 }, (_, index) => `hive-${String(index).padStart(5, "0")}`);
  const hives = ids.map((id) => ({ id, host: "h", port: 1 }));
  for (let at = 0; at < hives.length; at += 32) await catalog.addHives(hives.slice(at, at + 32));
  expect(idsOf(await catalog.listHives())).toEqual(ids);
  expect(idsOf(await catalog.listHives({ limit: 1_500 }))).toEqual(ids.slice(0, 1_500));
  expect((await allOf(catalog.streamHives())).length).toBe(ids.length);
});

test("a name that is no option is refused with INVALID_ARGUMENT: misspelt, it would pass in silence", async () => {
  await using catalog = await fleet();
  const calls: [string, (options: object) => Promise<unknown>][] = [
    ...finders.map(([name, find]): [string, (options: object) => Promise<unknown>] => [
      name,
      (options) => find(catalog, options),
    ]),
    ["streamHives", (options) => catalog.streamHives(options).next()],
    ["findStaleHives", (options) => catalog.findStaleHives(1, options)],
    ["countHives", (options) => catalog.countHives(options)],
    ["getHive", (options) => catalog.getHive("a", options)],
    ["updateHeartbeat", (options) => catalog.updateHeartbeat("a", 1, options)],
  ];
  for (const [name, call] of calls) {
    for (const wrong of ["Limit", "aftr", "onCorrupt"]) {
      const error = await refusalOf(call({ [wrong]: undefined }));
      expect(error, name).toMatchObject({ code: "INVALID_ARGUMENT", problems: [{ field: wrong }] });
      expect(error.message, name).toContain("signal");
    }
    for (const options of [null, "limit", 5]) {
      const error = await refusalOf(call(options as unknown as object));
      expect(error, name).toMatchObject({ code: "INVALID_ARGUMENT", problems: [{ field: "options" }] });
    }
    const error = await refusalOf(call({ signal: "now" }));
    expect(error, name).toMatchObject({ code: "INVALID_ARGUMENT", problems: [{ field: "signal" }] });
  }
  const ofFindHives = await refusalOf(catalog.streamHives({ selector: "env=prod" } as object).next());
  expect(ofFindHives).toMatchObject({ code: "INVALID_ARGUMENT", problems: [{ field: "selector" }] });
});

test("whatever options do when they are read is a rejection", async () => {
  await using catalog = await fleet();
  const options = {
    get signal(): AbortSignal {
      throw new TypeError("read me not");
    },
  };
  const calls = [
    catalog.listHives(options),
    catalog.streamHives(options).next(),
    catalog.getHive("a", options),
    catalog.updateHeartbeat("a", 1, options),
    catalog.cordons.list(options),
  ];
  for (const refusal of await Promise.all(calls.map(refusalOf))) {
    expect(refusal).toMatchObject({ code: "INTERNAL", cause: { message: "read me not" } });
  }
});

async function beating(beats: Record<string, number | null>): Promise<HiveCatalog> {
  const catalog = await openTestCatalog({ now: () => NOW_MS });
  for (const [id, ageMs] of Object.entries(beats)) {
    const lastHeartbeatMs = ageMs === null ? null : NOW_MS - ageMs;
    await catalog.addHive({ id, host: "h", port: 1, lastHeartbeatMs });
  }
  return catalog;
}

test("findStaleHives resolves to hives whose last beat is older than maxAgeMs: not to one exactly as old, nor to one that never beat", async () => {
  await using catalog = await beating({ fresh: 0, exact: 60_000, stale: 60_001, never: null, ahead: -5 });
  expect(idsOf(await catalog.findStaleHives(60_000))).toEqual(["stale"]);
  expect(idsOf(await catalog.findStaleHives(0))).toEqual(["stale", "exact"]);
  expect(await catalog.findStaleHives(Number.MAX_SAFE_INTEGER)).toEqual([]);
});

test("findStaleHives finds a hive that beat at 0, whatever its status", async () => {
  await using catalog = await beating({ ancient: NOW_MS });
  await catalog.updateHiveStatus("ancient", "online");
  expect(idsOf(await catalog.findStaleHives(NOW_MS - 1))).toEqual(["ancient"]);
});

test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "60000", null, undefined, 2 ** 53])(
  "findStaleHives throws INVALID_ARGUMENT for a maxAgeMs of %j",
  async (maxAgeMs) => {
    await using catalog = await beating({ a: 5 });
    const error = await refusalOf(catalog.findStaleHives(maxAgeMs as number));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", problems: [{ field: "maxAgeMs" }] });
  },
);

test("findStaleHives throws INVALID_ARGUMENT for a bad limit, and for an after that is no stale record", async () => {
  await using catalog = await beating({ a: 5 });
  expect(await refusalOf(catalog.findStaleHives(1, { limit: 0 }))).toMatchObject({
    code: "INVALID_ARGUMENT",
    problems: [{ field: "limit" }],
  });
  for (const after of ["a", null, {}, aHive(), { id: "a" }, aHive({ id: "a\0", lastHeartbeatMs: 1 })]) {
    const error = await refusalOf(catalog.findStaleHives(1, { after: after as HiveRecord }));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", problems: [{ field: "after" }] });
  }
});

test.each([-1, 1.5, Number.NaN, "1", null])("markOffline throws INVALID_ARGUMENT for the time %j", async (time) => {
  await using catalog = await beating({ a: 5 });
  const error = await refusalOf(catalog.markOffline("a", time as number));
  expect(error).toMatchObject({ code: "INVALID_ARGUMENT", problems: [{ field: "notBeatSinceMs" }] });
});
