import { describe, expect, test } from "vitest";
import type { HiveCatalog } from "../../src/catalog.ts";
import type { HiveRecord } from "../../src/record.ts";
import { aHive } from "../../src/testing.ts";
import { refusalOf } from "../refusal.ts";
import type { Fault } from "./faulty-proxy.ts";
import { startNetwork } from "./network.ts";

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
  run: (catalog: HiveCatalog) => Promise<unknown>;
  answer: unknown;
  stored: Partial<HiveRecord> | undefined;
};

const HIVE = aHive({ status: "online", lastHeartbeatMs: 5 });
const DEVICES = { cpu: null, gpus: [] };

/** What may be repeated, with its answer and what is stored then. */
const REPEATED: Record<string, Verb> = {
  updateHeartbeat: {
    run: (catalog) => catalog.updateHeartbeat(ID, 9),
    answer: undefined,
    stored: { lastHeartbeatMs: 9 },
  },
  updateDevices: {
    run: (catalog) => catalog.updateDevices(ID, DEVICES),
    answer: undefined,
    stored: { devices: DEVICES },
  },
  updateHiveStatus: {
    run: (catalog) => catalog.updateHiveStatus(ID, "offline"),
    answer: undefined,
    stored: { status: "offline", updatedAtMs: NOW_MS },
  },
  removeHive: { run: (catalog) => catalog.removeHive(ID), answer: true, stored: undefined },
};

/** What is left to the caller, who alone knows whether twice does harm. */
const NOT_REPEATED: Record<string, Verb> = {
  updateHive: {
    run: (catalog) => catalog.updateHive({ ...HIVE, port: 77 }),
    answer: { ...HIVE, port: 77, updatedAtMs: NOW_MS },
    stored: { port: 77 },
  },
  patchHive: {
    run: (catalog) => catalog.patchHive(ID, { port: 77 }),
    answer: { ...HIVE, port: 77, updatedAtMs: NOW_MS },
    stored: { port: 77 },
  },
  markOffline: { run: (catalog) => catalog.markOffline(ID, NOW_MS), answer: true, stored: { status: "offline" } },
};

describe.each(Object.entries({ ...SURELY_NOT_DONE, ...LEFT_OPEN }))("one request is %s", (_name, fault) => {
  test("addHive stores the hive once and answers it", async () => {
    await using network = await startNetwork();
    const catalog = await network.open();
    network.proxy.failOnce(WRITE, fault);
    const added = await catalog.addHive({ id: "new", host: "10.0.0.1", port: 1 });
    expect(network.proxy.faults).toBe(1);
    expect(await network.direct.listHives()).toEqual([added]);
  });

  test.each(Object.entries(REPEATED))("%s is done and answered", async (_verb, { run, answer, stored }) => {
    await using network = await startNetwork();
    await network.direct.addHive(HIVE);
    const catalog = await network.open({ now: () => NOW_MS });
    network.proxy.failOnce(WRITE, fault);
    expect(await run(catalog)).toEqual(answer);
    expect(network.proxy.faults).toBe(1);
    expect(await network.direct.getHive(ID)).toEqual(stored && { ...HIVE, updatedAtMs: expect.any(Number), ...stored });
  });

  test("reads answer", async () => {
    await using network = await startNetwork();
    await network.direct.addHive(HIVE);
    const catalog = await network.open();
    for (const [read, answer] of [
      [() => catalog.getHive(ID), HIVE],
      [() => catalog.listHives(), [HIVE]],
      [() => catalog.findStaleHives(1), [HIVE]],
      [() => catalog.countHives(), 1],
      [() => catalog.hiveExists("nobody"), false],
    ] as const) {
      network.proxy.failOnce(READ, fault);
      expect(await read()).toEqual(answer);
    }
    expect(network.proxy.faults).toBe(5);
  });

  test("opening succeeds", async () => {
    await using network = await startNetwork();
    network.proxy.failOnce(READ, fault);
    expect(await (await network.open()).countHives()).toBe(0);
    expect(network.proxy.faults).toBe(1);
  });
});

test.each(Object.entries(NOT_REPEATED))("%s is repeated when it surely was not done", async (_verb, verb) => {
  await using network = await startNetwork();
  await network.direct.addHive(HIVE);
  const catalog = await network.open({ now: () => NOW_MS });
  network.proxy.failOnce(WRITE, { kind: "status", status: 429, when: "before" });
  expect(await verb.run(catalog)).toEqual(verb.answer);
  expect(await network.direct.getHive(ID)).toMatchObject(verb.stored ?? {});
});

describe.each(Object.entries(LEFT_OPEN))("one request is %s", (_name, fault) => {
  test.each(Object.entries(NOT_REPEATED))("%s says that its outcome is not known", async (_verb, { run, stored }) => {
    await using network = await startNetwork();
    await network.direct.addHive(HIVE);
    const catalog = await network.open({ now: () => NOW_MS });
    network.proxy.failOnce(WRITE, fault);
    const refusal = await refusalOf(run(catalog));
    expect(refusal.code).toBe("CATALOG_UNAVAILABLE");
    expect(refusal.message).toMatch(/whether the change was made is not known$/);
    expect(await network.direct.getHive(ID)).toMatchObject(fault.when === "after" ? { ...stored } : HIVE);
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
