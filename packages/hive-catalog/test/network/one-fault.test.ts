import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { HiveCatalog } from "../../src/catalog.ts";
import type { HiveRecord } from "../../src/model/hive.ts";
import { aHive } from "../../src/testing.ts";
import { refusalOf } from "../refusal.ts";
import type { Fault } from "./faulty-proxy.ts";
import { type Network, startNetwork } from "./network.ts";

const NOW_MS = 1_761_040_800_000;
const WRITE = /"sql":"(?:insert|update|delete)/i;
const READ = /"sql":"select/i;

const SURELY_NOT_DONE: Record<string, Fault> = { "429": { kind: "status", status: 429, when: "before" } };
const LEFT_OPEN: Record<string, Fault> = {
  "cut before the server got it": { kind: "cut", when: "before" },
  "cut after the commit, before the answer": { kind: "cut", when: "after" },
  "cut in the middle of the answer": { kind: "half an answer", when: "after" },
  "500 before the server got it": { kind: "status", status: 500, when: "before" },
  "503 before the server got it": { kind: "status", status: 503, when: "before" },
  "503 after the commit": { kind: "status", status: 503, when: "after" },
  "502 after the commit": { kind: "status", status: 502, when: "after" },
  "204 after the commit": { kind: "status", status: 204, when: "after" },
  "garbage before the server got it": { kind: "garbage", when: "before" },
  "garbage after the commit": { kind: "garbage", when: "after" },
};

type Verb = {
  run: (catalog: HiveCatalog, id: string) => Promise<unknown>;
  answer: unknown;
  /** What of the hive is other then; undefined when it is gone. */
  stored: Partial<HiveRecord> | undefined;
};

const HIVE = aHive({ status: "online", lastHeartbeatMs: 5 });
const DEVICES = { cpu: null, gpus: [] };

/** What is not repeated when it may have been made: twice might undo what another did in between. */
const NOT_REPEATED: Record<string, Verb> = {
  updateHive: {
    run: (catalog, id) => catalog.updateHive({ ...HIVE, id, port: 77 }),
    answer: expect.objectContaining({ port: 77, updatedAtMs: NOW_MS }),
    stored: { port: 77, updatedAtMs: NOW_MS },
  },
  patchHive: {
    run: (catalog, id) => catalog.patchHive(id, { port: 77 }),
    answer: expect.objectContaining({ port: 77, updatedAtMs: NOW_MS }),
    stored: { port: 77, updatedAtMs: NOW_MS },
  },
  updateHiveStatus: {
    run: (catalog, id) => catalog.updateHiveStatus(id, "offline"),
    answer: undefined,
    stored: { status: "offline", updatedAtMs: NOW_MS },
  },
  markOffline: {
    run: (catalog, id) => catalog.markOffline(id, NOW_MS),
    answer: true,
    stored: { status: "offline", updatedAtMs: NOW_MS },
  },
  updateDevices: {
    run: (catalog, id) => catalog.updateDevices(id, DEVICES),
    answer: undefined,
    stored: { devices: DEVICES, updatedAtMs: NOW_MS },
  },
  removeHive: { run: (catalog, id) => catalog.removeHive(id), answer: true, stored: undefined },
};

describe.each(Object.entries({ ...SURELY_NOT_DONE, ...LEFT_OPEN }))("one request is %s", (_name, fault) => {
  let network: Network;
  let catalog: HiveCatalog;
  beforeAll(async () => {
    network = await startNetwork();
    catalog = await network.open({ now: () => NOW_MS });
  });
  afterAll(() => network[Symbol.asyncDispose]());
  beforeEach(() => {
    network.proxy.faults = 0;
  });

  test("addHive stores the hive once and answers it", async () => {
    network.proxy.failOnce(WRITE, fault);
    const added = await catalog.addHive({ id: "new", host: "10.0.0.1", port: 1 });
    expect(network.proxy.faults).toBe(1);
    expect(await network.direct.getHive("new")).toEqual(added);
  });

  test("updateHeartbeat is done and answered", async () => {
    await network.direct.addHive({ ...HIVE, id: "beating" });
    network.proxy.failOnce(WRITE, fault);
    await catalog.updateHeartbeat("beating", 9);
    expect(network.proxy.faults).toBe(1);
    expect(await network.direct.getHive("beating")).toEqual({ ...HIVE, id: "beating", lastHeartbeatMs: 9 });
  });

  test("reads answer", async () => {
    await network.direct.addHive(HIVE);
    const reads = [
      (from: HiveCatalog) => from.getHive(HIVE.id),
      (from: HiveCatalog) => from.listHives(),
      (from: HiveCatalog) => from.findStaleHives(1),
      (from: HiveCatalog) => from.countHives(),
      (from: HiveCatalog) => from.hiveExists("nobody"),
    ];
    for (const read of reads) {
      network.proxy.failOnce(READ, fault);
      expect(await read(catalog)).toEqual(await read(network.direct));
    }
    expect(network.proxy.faults).toBe(reads.length);
  });

  test("opening succeeds", async () => {
    network.proxy.failOnce(READ, fault);
    expect(await (await network.open()).hiveExists("nobody")).toBe(false);
    expect(network.proxy.faults).toBe(1);
  });

  test.each(Object.entries(NOT_REPEATED))("%s is repeated only if it surely was not made", async (id, verb) => {
    const before = await network.direct.addHive({ ...HIVE, id });
    network.proxy.failOnce(WRITE, fault);
    if (fault === SURELY_NOT_DONE["429"]) {
      expect(await verb.run(catalog, id)).toEqual(verb.answer);
    } else {
      const refusal = await refusalOf(verb.run(catalog, id));
      expect(refusal.code).toBe("CATALOG_OUTCOME_UNKNOWN");
      expect(refusal.message).toMatch(/whether the change was made is not known: read it, then decide$/);
    }
    const isDone = fault.when === "after" || fault === SURELY_NOT_DONE["429"];
    const after = verb.stored && { ...before, ...verb.stored };
    expect(network.proxy.faults).toBe(1);
    expect(await network.direct.getHive(id)).toEqual(isDone ? after : before);
  });
});

const closed = '{"type":"ok","response":{"type":"close"}}';
const answerWith = (
  rows: string,
) => `{"baton":null,"base_url":null,"results":[{"type":"ok","response":{"type":"execute",
  "result":{"cols":[{"name":"rows"}],"rows":[${rows}],"affected_row_count":0}}},${closed}]}`;

test.each([
  ["no value", '[{"type":"null"}]'],
  ["bytes that are no rows", '[{"type":"blob","base64":"eA=="}]'],
])("an answer that has %s where rows were asked for is not taken for none", async (_what, rows) => {
  await using network = await startNetwork();
  const catalog = await network.open();
  await network.direct.addHive(HIVE);
  for (const read of [() => catalog.getHive(HIVE.id), () => catalog.listHives(), () => catalog.hostKeys.list()]) {
    network.proxy.failOnce(READ, { kind: "answer", status: 200, when: "before", text: answerWith(rows) });
    expect((await refusalOf(read())).code).toBe("CATALOG_UNAVAILABLE");
  }
});
