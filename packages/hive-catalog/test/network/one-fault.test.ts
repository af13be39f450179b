import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { HiveCatalog } from "../../src/catalog.ts";
import type { HiveRecord } from "../../src/model/hive.ts";
import { aHive } from "../../src/testing.ts";
import { refusalOf } from "../refusal.ts";
import type { Fault } from "./faulty-proxy.ts";
import { type Network, startNetwork } from "./network.ts";

const NOW_MS = 1_761_040_800_000;
const ID = aHive().id;
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
  "garbage before the server got it": { kind: "garbage", when: "before" },
  "garbage after the commit": { kind: "garbage", when: "after" },
};

type Verb = {
  run: (catalog: HiveCatalog, id: string) => Promise<unknown>;
  answer: unknown;
  stored: Partial<HiveRecord>;
};

const HIVE = aHive({ status: "online", lastHeartbeatMs: 5 });
const DEVICES = { cpu: null, gpus: [] };

/** What may be repeated, with its answer and what is stored then. */
const REPEATED: Record<string, Verb> = {
  updateHeartbeat: {
    run: (catalog, id) => catalog.updateHeartbeat(id, 9),
    answer: undefined,
    stored: { lastHeartbeatMs: 9 },
  },
  updateDevices: {
    run: (catalog, id) => catalog.updateDevices(id, DEVICES),
    answer: undefined,
    stored: { devices: DEVICES, updatedAtMs: NOW_MS },
  },
  updateHiveStatus: {
    run: (catalog, id) => catalog.updateHiveStatus(id, "offline"),
    answer: undefined,
    stored: { status: "offline", updatedAtMs: NOW_MS },
  },
};

/** What is left to the caller, who alone knows whether twice does harm. */
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
  markOffline: {
    run: (catalog, id) => catalog.markOffline(id, NOW_MS),
    answer: true,
    stored: { status: "offline", updatedAtMs: NOW_MS },
  },
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

  test.each(Object.entries(REPEATED))("%s is done and answered", async (id, { run, answer, stored }) => {
    await network.direct.addHive({ ...HIVE, id });
    network.proxy.failOnce(WRITE, fault);
    expect(await run(catalog, id)).toEqual(answer);
    expect(network.proxy.faults).toBe(1);
    expect(await network.direct.getHive(id)).toEqual({ ...HIVE, id, ...stored });
  });

  test("removeHive is done and answers true", async () => {
    await network.direct.addHive({ ...HIVE, id: "old" });
    network.proxy.failOnce(WRITE, fault);
    expect(await catalog.removeHive("old")).toBe(true);
    expect(network.proxy.faults).toBe(1);
    expect(await network.direct.getHive("old")).toBeUndefined();
  });

  test("reads answer", async () => {
    await network.direct.addHive(HIVE);
    const reads = [
      (from: HiveCatalog) => from.getHive(ID),
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

  test.each(Object.entries(NOT_REPEATED))("%s is repeated only if it surely was not done", async (id, verb) => {
    const before = await network.direct.addHive({ ...HIVE, id });
    network.proxy.failOnce(WRITE, fault);
    if (fault === SURELY_NOT_DONE["429"]) {
      expect(await verb.run(catalog, id)).toEqual(verb.answer);
    } else {
      const refusal = await refusalOf(verb.run(catalog, id));
      expect(refusal.code).toBe("CATALOG_UNAVAILABLE");
      expect(refusal.message).toMatch(/whether the change was made is not known$/);
    }
    const isDone = fault.when === "after" || fault === SURELY_NOT_DONE["429"];
    expect(network.proxy.faults).toBe(1);
    expect(await network.direct.getHive(id)).toEqual(isDone ? { ...before, ...verb.stored } : before);
  });
});

describe("what others do between an attempt and its repetition", () => {
  test("an add that meets another's hive throws HIVE_ALREADY_EXISTS, repeated or not", async () => {
    await using network = await startNetwork();
    const catalog = await network.open();
    const other = aHive({ host: "10.7.7.7" });
    const meanwhile = () => network.direct.addHive(other);
    network.proxy.failOnce(WRITE, { kind: "cut", when: "before", meanwhile });
    expect(await refusalOf(catalog.addHive(aHive()))).toMatchObject({ code: "HIVE_ALREADY_EXISTS", hiveId: ID });
    expect(await network.direct.listHives()).toEqual([other]);
  });

  test("an add finds its own hive although that beat and went online meanwhile", async () => {
    await using network = await startNetwork();
    const catalog = await network.open();
    const meanwhile = async () => {
      await network.direct.updateHeartbeat(ID, 7);
      await network.direct.updateHiveStatus(ID, "online");
    };
    network.proxy.failOnce(WRITE, { kind: "cut", when: "after", meanwhile });
    expect(await catalog.addHive(aHive())).toMatchObject({ id: ID, status: "online", lastHeartbeatMs: 7 });
  });

  test.each(["before", "after"] as const)("a status cut %s the server did it does not undo another's", async (when) => {
    await using network = await startNetwork();
    await network.direct.addHive(aHive());
    const catalog = await network.open();
    const meanwhile = () => network.direct.updateHiveStatus(ID, "online");
    network.proxy.failOnce(WRITE, { kind: "cut", when, meanwhile });
    await catalog.updateHiveStatus(ID, "offline");
    expect((await network.direct.getHive(ID))?.status).toBe("online");
  });

  test.each(["before", "after"] as const)(
    "a status cut %s the server did it is stored, whatever else of the hive another changed meanwhile",
    async (when) => {
      await using network = await startNetwork();
      await network.direct.addHive(aHive());
      const catalog = await network.open();
      const meanwhile = () => network.direct.updateDevices(ID, DEVICES);
      network.proxy.failOnce(WRITE, { kind: "cut", when, meanwhile });
      await catalog.updateHiveStatus(ID, "offline");
      expect(await network.direct.getHive(ID)).toMatchObject({ status: "offline", devices: DEVICES });
    },
  );

  test("a status of a hive that was removed meanwhile throws HIVE_NOT_FOUND", async () => {
    await using network = await startNetwork();
    await network.direct.addHive(aHive());
    const catalog = await network.open();
    const meanwhile = () => network.direct.removeHive(ID);
    network.proxy.failOnce(WRITE, { kind: "cut", when: "after", meanwhile });
    expect(await refusalOf(catalog.updateHiveStatus(ID, "offline"))).toMatchObject({ code: "HIVE_NOT_FOUND" });
  });

  test.each(["before", "after"] as const)(
    "a remove cut %s the server did it spares the hive that was added since",
    async (when) => {
      await using network = await startNetwork();
      await network.direct.addHive(aHive());
      const catalog = await network.open();
      const successor = aHive({ createdAtMs: 1, host: "10.7.7.7" });
      const meanwhile = async () => {
        await network.direct.removeHive(ID);
        await network.direct.addHive(successor);
      };
      network.proxy.failOnce(WRITE, { kind: "cut", when, meanwhile });
      expect(await catalog.removeHive(ID)).toBe(true);
      expect(await network.direct.listHives()).toEqual([successor]);
    },
  );

  test("a remove of what was not there answers false, repeated or not", async () => {
    await using network = await startNetwork();
    const catalog = await network.open();
    network.proxy.failOnce(WRITE, { kind: "cut", when: "after" });
    expect(await catalog.removeHive(ID)).toBe(false);
    expect(network.proxy.faults).toBe(1);
  });
});
