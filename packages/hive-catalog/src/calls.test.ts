import { afterEach, expect, test, vi } from "vitest";
import { anOperation, HASH, withHives } from "../test/behaviour/samples.ts";
import { CatalogFile } from "../test/catalog-file.ts";
import { fieldsOf, refusalOf } from "../test/refusal.ts";
import { HiveCatalog } from "./catalog.ts";
import type { CallOptions } from "./options.ts";
import { aHive, openTestCatalog } from "./testing.ts";

afterEach(() => {
  vi.useRealTimers();
});

/** Every call that a catalog has, with its options. */
const CALLS: Record<string, (catalog: HiveCatalog, options: CallOptions) => Promise<unknown>> = {
  addHive: (catalog, options) => catalog.addHive(aHive({ id: "new" }), options),
  getHive: (catalog, options) => catalog.getHive("a", options),
  getHives: (catalog, options) => catalog.getHives(["a"], options),
  listHiveIds: (catalog, options) => catalog.listHiveIds(options),
  hiveExists: (catalog, options) => catalog.hiveExists("a", options),
  listHives: (catalog, options) => catalog.listHives(options),
  streamHives: (catalog, options) => catalog.streamHives(options).next(),
  findHivesByStatus: (catalog, options) => catalog.findHivesByStatus("online", options),
  findOnlineHives: (catalog, options) => catalog.findOnlineHives(options),
  findOfflineHives: (catalog, options) => catalog.findOfflineHives(options),
  findStaleHives: (catalog, options) => catalog.findStaleHives(1, options),
  findHivesWithDevices: (catalog, options) => catalog.findHivesWithDevices(options),
  findHivesWithoutDevices: (catalog, options) => catalog.findHivesWithoutDevices(options),
  countHives: (catalog, options) => catalog.countHives(options),
  countByStatus: (catalog, options) => catalog.countByStatus("online", options),
  updateHive: (catalog, options) => catalog.updateHive(aHive({ id: "a" }), options),
  patchHive: (catalog, options) => catalog.patchHive("a", { port: 1 }, options),
  updateHiveStatus: (catalog, options) => catalog.updateHiveStatus("a", "online", options),
  markOffline: (catalog, options) => catalog.markOffline("a", 1, options),
  updateHeartbeat: (catalog, options) => catalog.updateHeartbeat("a", 1, options),
  updateDevices: (catalog, options) => catalog.updateDevices("a", { cpu: null, gpus: [] }, options),
  removeHive: (catalog, options) => catalog.removeHive("b", options),
  "cordons.set": ({ cordons }, options) => cordons.set("a", { reason: "fans" }, options),
  "cordons.lift": ({ cordons }, options) => cordons.lift("a", options),
  "cordons.get": ({ cordons }, options) => cordons.get("a", options),
  "cordons.list": ({ cordons }, options) => cordons.list(options),
  "tokens.add": ({ tokens }, options) => tokens.add({ id: "t", name: "T", role: "reader", hash: HASH }, options),
  "tokens.get": ({ tokens }, options) => tokens.get("t", options),
  "tokens.list": ({ tokens }, options) => tokens.list(options),
  "tokens.version": ({ tokens }, options) => tokens.version(options),
  "tokens.count": ({ tokens }, options) => tokens.count(options),
  "tokens.revoke": ({ tokens }, options) => tokens.revoke("t", options),
  "tokens.removeEnded": ({ tokens }, options) => tokens.removeEnded(1, options),
  "operations.begin": ({ operations }, options) => operations.begin(anOperation("o"), options),
  "operations.save": ({ operations }, options) => operations.save("o", { steps: [], outputTail: "" }, options),
  "operations.finish": ({ operations }, options) => operations.finish("o", { state: "failed" }, options),
  "operations.get": ({ operations }, options) => operations.get("o", options),
  "operations.list": ({ operations }, options) => operations.list(options),
  "operations.latestOf": ({ operations }, options) => operations.latestOf(["a"], options),
  "operations.unfinished": ({ operations }, options) => operations.unfinished(options),
  "hostKeys.pin": ({ hostKeys }, options) =>
    hostKeys.pin({ host: "h", port: 22, keyType: "ssh-rsa", publicKey: "AAAA" }, options),
  "hostKeys.find": ({ hostKeys }, options) => hostKeys.find("h", 22, options),
  "hostKeys.list": ({ hostKeys }, options) => hostKeys.list(options),
  "hostKeys.remove": ({ hostKeys }, options) => hostKeys.remove("h", 22, options),
  "queens.renew": ({ queens }, options) => queens.renew("q", options),
  "queens.list": ({ queens }, options) => queens.list(options),
  "queens.remove": ({ queens }, options) => queens.remove("q", options),
};

test.each(Object.entries(CALLS))(
  "%s goes on under a signal, rejects with the reason of one that came before, and takes no other option",
  async (_name, call) => {
    await using file = await CatalogFile.create();
    const catalog = await withHives(file);
    await call(catalog, { signal: new AbortController().signal });
    const reason = new Error("nobody waits any more");
    await expect(call(catalog, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await expect(call(catalog, { signal: AbortSignal.abort("a word") })).rejects.toBe("a word");
    const misspelt = { Signal: new AbortController().signal } as CallOptions;
    expect(fieldsOf(await refusalOf(call(catalog, misspelt)))).toEqual(["Signal"]);
    const wrong = { signal: "soon" } as unknown as CallOptions;
    expect(fieldsOf(await refusalOf(call(catalog, wrong)))).toEqual(["signal"]);
  },
);

test("a signal ends a stream between its pages, and a list between its batches", async () => {
  await using catalog = await openTestCatalog();
  for (const id of ["a", "b"]) await catalog.addHive(aHive({ id }));
  const controller = new AbortController();
  const stream = catalog.streamHives({ pageSize: 1, signal: controller.signal });
  expect((await stream.next()).value?.id).toBe("a");
  controller.abort(new Error("nobody reads any more"));
  await expect(stream.next()).rejects.toBe(controller.signal.reason);
  await catalog.run(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
    INSERT INTO hives (id, host, port, created_at_ms, updated_at_ms) SELECT 'hive-' || i, 'h', 1, 0, 0 FROM n`);
  const second = new AbortController();
  const list = catalog.listHives({ signal: second.signal });
  second.abort(new Error("nobody reads any more"));
  await expect(list).rejects.toBe(second.signal.reason);
});

test("a clock with fractions is cut to whole milliseconds, wherever its time is stored", async () => {
  await using file = await CatalogFile.create();
  const nowMs = performance.timeOrigin + performance.now();
  const catalog = await file.open({ now: () => nowMs + 0.25 });
  const wholeMs = Math.trunc(nowMs + 0.25);
  const hive = await catalog.addHive({ id: "a", host: "h", port: 1 });
  expect(hive).toMatchObject({ createdAtMs: wholeMs, updatedAtMs: wholeMs });
  expect(await catalog.getHive("a")).toEqual(hive);
  expect(await catalog.patchHive("a", { port: 2 })).toMatchObject({ updatedAtMs: wholeMs });
  await catalog.updateHeartbeat("a", wholeMs);
  expect(await catalog.markOffline("a", wholeMs + 1)).toBe(true);
  expect(await catalog.cordons.set("a", { reason: "fans" })).toMatchObject({ createdAtMs: wholeMs });
  await catalog.tokens.add({ id: "t", name: "T", role: "reader", hash: HASH });
  await catalog.tokens.revoke("t");
  expect(await catalog.tokens.get("t")).toMatchObject({ createdAtMs: wholeMs, revokedAtMs: wholeMs });
  expect(await catalog.operations.begin(anOperation("o"))).toMatchObject({ createdAtMs: wholeMs });
  expect(await catalog.findStaleHives(0)).toEqual([]);
});

test.each([Number.NaN, -1, 8.64e15 + 1, Number.POSITIVE_INFINITY, "now", null, undefined, new Date()])(
  "a clock that gives %s is refused with INVALID_ARGUMENT that names it, and nothing is stored",
  async (time) => {
    await using file = await CatalogFile.create();
    await withHives(file);
    const before = file.read("SELECT * FROM hives");
    const catalog = await file.open({ now: () => time as number });
    const calls = [
      catalog.addHive({ id: "new", host: "h", port: 1 }),
      catalog.patchHive("a", { port: 2 }),
      catalog.updateHive(aHive({ id: "a" })),
      catalog.updateHiveStatus("a", "online"),
      catalog.updateDevices("a", { cpu: null, gpus: [] }),
      catalog.updateHeartbeat("a", 1),
      catalog.markOffline("a", 1),
      catalog.removeHive("a"),
      catalog.findStaleHives(1),
      catalog.cordons.set("a", { reason: "fans" }),
      catalog.tokens.add({ id: "t", name: "T", role: "reader", hash: HASH }),
      catalog.operations.begin(anOperation("o")),
    ];
    for (const error of await Promise.all(calls.map(refusalOf))) {
      expect(error).toMatchObject({ code: "INVALID_ARGUMENT", problems: [{ field: "now" }] });
    }
    expect(file.read("SELECT * FROM hives")).toEqual(before);
  },
);

test("what a function of its caller throws is INTERNAL, with the cause, and not the weather", async () => {
  await using file = await CatalogFile.create();
  await withHives(file);
  const cause = new TypeError("no clock here");
  const catalog = await file.open({
    now: () => {
      throw cause;
    },
  });
  for (const call of [catalog.updateHiveStatus("a", "online"), catalog.updateHeartbeat("a", 1)]) {
    expect(await refusalOf(call)).toMatchObject({ code: "INTERNAL", cause });
  }
  expect(await catalog.countHives()).toBe(3);
});

test("with every timer faked each call has its answer, and so has close", async () => {
  await using file = await CatalogFile.create();
  const catalog = await withHives(file);
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "setImmediate", "clearImmediate", "Date"] });
  for (let beat = 0; beat < 3; beat++) {
    await catalog.updateHeartbeat("a", beat);
    await Promise.all(["a", "b", "c"].map((id) => catalog.updateHeartbeat(id, beat)));
  }
  await catalog.updateHiveStatus("a", "online");
  expect(await catalog.listHives()).toHaveLength(3);
  await catalog.close();
});

test("with every timer faked a server that cannot be reached ends a call in time, too", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "setImmediate", "clearImmediate", "Date"] });
  const opening = HiveCatalog.open("http://127.0.0.1:9", { requestTimeoutMs: 100 });
  expect((await refusalOf(opening)).code).toBe("CATALOG_UNAVAILABLE");
});

test("the event loop turns while a caller awaits call after call", async () => {
  await using catalog = await openTestCatalog();
  await catalog.addHive(aHive());
  let hasTurned = false;
  setImmediate(() => {
    hasTurned = true;
  });
  const bound = 1_000_000;
  let calls = 0;
  while (!hasTurned && calls < bound) {
    await catalog.getHive(aHive().id);
    calls++;
  }
  expect(calls).toBeLessThan(bound);
});
