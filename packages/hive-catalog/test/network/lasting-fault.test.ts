import { setTimeout as delay } from "node:timers/promises";
import { startTestServer } from "@repo/libsql-test-server";
import Database from "libsql";
import { describe, expect, test, vi } from "vitest";
import { HiveCatalog } from "../../src/catalog.ts";
import { aHive, temporaryFolder } from "../../src/testing.ts";
import { anOperation, HASH } from "../behaviour/samples.ts";
import { refusalOf } from "../refusal.ts";
import { TOKEN } from "../server.ts";
import type { Fault } from "./faulty-proxy.ts";
import { DEADLINE, expectBusy, expectClear, expectReason, openShort, SHORT } from "./lasting.ts";
import { type Network, startNetwork } from "./network.ts";

const HIVE = aHive();

const VERBS: Record<string, (catalog: HiveCatalog) => Promise<unknown>> = {
  addHive: (catalog) => catalog.addHive(aHive({ id: "new" })),
  getHive: (catalog) => catalog.getHive(HIVE.id),
  hiveExists: (catalog) => catalog.hiveExists(HIVE.id),
  listHives: (catalog) => catalog.listHives(),
  streamHives: (catalog) => catalog.streamHives().next(),
  findStaleHives: (catalog) => catalog.findStaleHives(1),
  countHives: (catalog) => catalog.countHives(),
  updateHive: (catalog) => catalog.updateHive(HIVE),
  patchHive: (catalog) => catalog.patchHive(HIVE.id, { port: 1 }),
  updateHiveStatus: (catalog) => catalog.updateHiveStatus(HIVE.id, "online"),
  updateHeartbeat: (catalog) => catalog.updateHeartbeat(HIVE.id, 1),
  updateDevices: (catalog) => catalog.updateDevices(HIVE.id, { cpu: null, gpus: [] }),
  markOffline: (catalog) => catalog.markOffline(HIVE.id, 1),
  removeHive: (catalog) => catalog.removeHive(HIVE.id),
};

type Lasting = {
  start: (network: Network) => Promise<void> | void;
  message: RegExp;
  /** Whether a change that is refused so may have been made; true by default. */
  mayBeMade?: boolean;
};

/** Refused, and surely nothing was done. */
function refused(status: number, message: RegExp): Lasting {
  return { ...lasting({ kind: "status", status, when: "before" }, message), mayBeMade: false };
}

function lasting(fault: Fault, message: RegExp): Lasting {
  return {
    start({ proxy }) {
      proxy.plan = () => fault;
    },
    message,
  };
}

const FAULTS: Record<string, Lasting> = {
  "connections refused": {
    start: ({ proxy }) => proxy[Symbol.asyncDispose](),
    message: /cannot be reached \(ECONNREFUSED\)/,
    mayBeMade: false,
  },
  "no answer": lasting({ kind: "hang", when: "before" }, DEADLINE),
  "connections cut": lasting({ kind: "cut", when: "before" }, /was cut before the answer came/),
  "answers cut": lasting({ kind: "half an answer", when: "before" }, /was cut before the answer came/),
  "429": lasting({ kind: "status", status: 429, when: "before" }, /too many requests \(HTTP 429\)/),
  "500": lasting({ kind: "status", status: 500, when: "before" }, /failed \(HTTP 500\)/),
  "503": lasting({ kind: "status", status: 503, when: "before" }, /failed \(HTTP 503\)/),
  "401": refused(401, /does not accept the authToken \(HTTP 401\)/),
  "404": refused(404, /is no libSQL server.*\(HTTP 404\)/),
  "a redirection": refused(302, /is no libSQL server.*\(HTTP 302\)/),
  "HTML with status 200": lasting({ kind: "garbage", when: "before" }, /does not speak the protocol/),
  "JSON of another kind": lasting({ kind: "garbage", when: "before", text: '{"a":1}' }, /does not speak the protocol/),
  "an empty answer": lasting({ kind: "garbage", when: "before", text: "" }, /does not speak the protocol/),
};

/** Changes that are sent once: of these it may be that nobody knows whether they were made. */
const SENT_ONCE = ["updateHive", "patchHive", "updateHiveStatus", "updateDevices", "markOffline", "removeHive"];

describe.each(Object.entries(FAULTS))("a server behind %s", (_name, { start, message, mayBeMade = true }) => {
  test("every call ends and says why, and what is not known; once it is over, the same catalog goes on", async () => {
    await using network = await startNetwork();
    await network.direct.addHive(HIVE);
    const { url } = network.proxy;
    await using catalog = await openShort(url, TOKEN);
    await start(network);
    await expectReason(catalog, message);
    const calls = [
      ...Object.entries(VERBS).map(([verb, run]) => ({ verb, call: run(catalog) })),
      { verb: "open", call: HiveCatalog.open(url, { ...SHORT, authToken: TOKEN }) },
    ];
    const refusals = await Promise.all(calls.map(async ({ verb, call }) => ({ verb, refusal: await refusalOf(call) })));
    for (const { verb, refusal } of refusals) {
      // Whatever the ones before it were told, a request may be on its way at its deadline.
      const mayBeUnknown = SENT_ONCE.includes(verb) && (mayBeMade || DEADLINE.test(refusal.message));
      expectClear(refusal, new RegExp(`${message.source}|${DEADLINE.source}`), mayBeUnknown);
    }
    expect(await network.direct.listHives()).toEqual([HIVE]);
    network.proxy.plan = () => undefined;
    if (!network.proxy.isListening) return;
    const found = () => catalog.hiveExists(HIVE.id).catch(() => false);
    await expect.poll(found, { timeout: 20_000 }).toBe(true);
  });
});

test.each([
  ["a text", [[{ type: "text", value: "many" }]]],
  ["NULL", [[{ type: "null" }]]],
  ["a fraction", [[{ type: "float", value: 0.5 }]]],
  ["no row", []],
])("a count that a server answers with %s is CATALOG_UNAVAILABLE", async (_what, rows) => {
  await using network = await startNetwork();
  await using catalog = await network.open();
  const result = { cols: [{ name: "count" }], rows, affected_row_count: 0, last_insert_rowid: null };
  const responses = [{ type: "execute", result }, { type: "close" }];
  const results = responses.map((response) => ({ type: "ok", response }));
  const text = JSON.stringify({ baton: null, base_url: null, results });
  network.proxy.plan = () => ({ kind: "garbage", when: "before", text });
  const counts = [catalog.countHives(), catalog.countByStatus("online"), catalog.tokens.count()];
  for (const { code, message } of await Promise.all(counts.map(refusalOf))) {
    expect({ code, message }).toEqual({ code: "CATALOG_UNAVAILABLE", message: expect.stringContaining("no count") });
  }
});

test("a call of several requests has one deadline for all of them; of a list each request has its own", async () => {
  await using network = await startNetwork();
  const { proxy, direct } = network;
  await direct.addHive(HIVE);
  const running = await direct.operations.begin(anOperation("running", HIVE.id));
  await using catalog = await openShort(proxy.url, TOKEN);
  const lateMs = SHORT.requestTimeoutMs * 0.7;
  proxy.plan = () => ({ kind: "late", when: "after", meanwhile: () => delay(lateMs) });
  const calls = [
    catalog.patchHive("nobody", { port: 1 }),
    catalog.operations.begin(anOperation("other", HIVE.id)),
    catalog.tokens.add({ id: "t", name: "T", role: "hive", hiveId: "nobody", hash: HASH }),
  ];
  // On a slow machine the first request may be late already.
  for (const refusal of await Promise.all(calls.map(refusalOf))) expectClear(refusal, DEADLINE, true);
  const list = () => catalog.operations.list({ after: running.id });
  expect(await vi.waitFor(list, { timeout: 20_000 })).toEqual([]);
});

test("calls that wait for their turn behind a server that does not answer end too, and what was not sent is not done later", async () => {
  await using network = await startNetwork();
  await using catalog = await openShort(network.proxy.url, TOKEN);
  network.proxy.plan = () => ({ kind: "hang", when: "before" });
  const ids = Array.from({ length: 200 }, (_, index) => `hive-${index}`);
  const refusals = await Promise.all(ids.map((id) => refusalOf(catalog.addHive(aHive({ id })))));
  for (const refusal of refusals) expectClear(refusal, DEADLINE);
  const isOpen = refusals.map(({ message }) => /is not known$/.test(message));
  expect(isOpen.filter((open) => !open).length).toBeGreaterThan(0);
  network.proxy.plan = () => undefined;
  const stored = await (await network.open()).listHives();
  expect(stored.filter(({ id }) => !isOpen[ids.indexOf(id)])).toEqual([]);
});

test("a lock that the server cannot get in time is CATALOG_BUSY, and the change is not made", async () => {
  await using folder = await temporaryFolder();
  await using server = await startTestServer({ path: `${folder.path}/hives.db`, busyTimeoutMs: 20 });
  await using catalog = await openShort(server.url);
  await vi.waitFor(() => catalog.addHive(HIVE), { timeout: 20_000 });
  const other = new Database(`${folder.path}/hives.db`);
  other.exec("BEGIN IMMEDIATE");
  await expectBusy(() => catalog.updateHeartbeat(HIVE.id, 5));
  await expectBusy(() => catalog.patchHive(HIVE.id, { port: 7 }));
  expect(await vi.waitFor(() => catalog.getHive(HIVE.id), { timeout: 20_000 })).toEqual(HIVE);
  other.exec("ROLLBACK");
  other.close();
  await vi.waitFor(() => catalog.updateHeartbeat(HIVE.id, 5), { timeout: 20_000 });
  expect((await vi.waitFor(() => catalog.getHive(HIVE.id), { timeout: 20_000 }))?.lastHeartbeatMs).toBe(5);
});

test("close does not wait for a server that does not answer: a read ends as closed, and a change that was sent says that its outcome is not known", async () => {
  await using network = await startNetwork();
  const catalog = await network.open({ requestTimeoutMs: 600_000 });
  let asked = () => {};
  const arrival = new Promise<void>((resolve) => {
    asked = resolve;
  });
  network.proxy.plan = (body) => {
    if (/\bupdate\b/.test(body)) asked();
    return { kind: "hang", when: "before" };
  };
  const calls = [catalog.getHive(HIVE.id), catalog.updateHiveStatus(HIVE.id, "online")];
  const sent = Promise.all(calls.map(refusalOf));
  await arrival;
  // What waits for its turn surely was not sent.
  const waiting = refusalOf(catalog.updateHeartbeat(HIVE.id, 1));
  await catalog.close();
  expect((await sent).map(({ code }) => code)).toEqual(["CATALOG_CLOSED", "CATALOG_OUTCOME_UNKNOWN"]);
  expect((await waiting).code).toBe("CATALOG_CLOSED");
  expect((await refusalOf(catalog.countHives())).code).toBe("CATALOG_CLOSED");
});

test("a signal ends a call that a server does not answer, with its own reason", async () => {
  await using network = await startNetwork();
  await network.direct.addHive(HIVE);
  const catalog = await network.open({ requestTimeoutMs: 600_000 });
  let arrived = () => {};
  const arrival = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  network.proxy.plan = () => {
    arrived();
    return { kind: "hang", when: "before" };
  };
  const { signal, abort } = abortable();
  const calls = [
    catalog.getHive(HIVE.id, { signal }),
    catalog.listHives({ signal }),
    catalog.updateHiveStatus(HIVE.id, "online", { signal }),
    catalog.addHive(aHive({ id: "new" }), { signal }),
    catalog.updateHeartbeat(HIVE.id, 1, { signal }),
    catalog.cordons.set(HIVE.id, { reason: "fans" }, { signal }),
  ];
  const ends = Promise.allSettled(calls);
  await arrival;
  abort();
  for (const end of await ends) expect(end).toEqual({ status: "rejected", reason: signal.reason });
  network.proxy.plan = () => undefined;
  expect(await catalog.hiveExists(HIVE.id)).toBe(true);
});

function abortable(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort(new Error("nobody waits any more")) };
}

test("while a server does not answer, a field of an earlier rule is no wrong input, and an odd id is not missing", async () => {
  await using network = await startNetwork();
  await network.direct.addHive(HIVE);
  await using catalog = await openShort(network.proxy.url, TOKEN);
  network.proxy.plan = () => ({ kind: "status", status: 503, when: "before" });
  const odd = { ...HIVE, host: "gpu box" };
  for (const call of [
    catalog.updateHive(odd),
    catalog.updateHive({ ...HIVE, id: "gpu 01" }),
    catalog.patchHive(HIVE.id, { host: "gpu box", port: 80 }),
  ]) {
    expect((await refusalOf(call)).code).toBe("CATALOG_UNAVAILABLE");
  }
});
