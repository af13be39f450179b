import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { HiveCatalog } from "../../src/catalog.ts";
import type { HiveRecord } from "../../src/model/hive.ts";
import { aHive } from "../../src/testing.ts";
import { anOperation, HASH, NOW_MS, PUBLIC_KEY } from "../behaviour/samples.ts";
import { refusalOf } from "../refusal.ts";
import { type Network, startNetwork } from "./network.ts";

/*
 * The answer to a change is lost, and before anything else happens another queen changes the same thing: whatever becomes of the first
 * change, nothing that the other one did is undone.
 */

const WRITE = /"sql":"\s*(?:insert|update|delete)/i;
const KEY = { port: 22, keyType: "ssh-rsa", publicKey: PUBLIC_KEY };
const DEVICES = { cpu: null, gpus: [] };
const OTHER_DEVICES = { cpu: { cores: 2, ramGb: 2 }, gpus: [] };

/** Everything that a step does is about the hive `id`, which nothing else touches. */
type Step = (catalog: HiveCatalog, id: string) => Promise<unknown>;
type Change = {
  run: Step;
  /** What the other queen does; the name says what. */
  others: Record<string, Step>;
  /** What has to be there before. */
  prepare?: Step;
};

const set: Step = ({ cordons }, id) => cordons.set(id, { reason: "fans" });
const add: Step = ({ tokens }, id) => tokens.add({ id, name: "T", role: "hive", hiveId: id, hash: HASH });
const begin: Step = ({ operations }, id) => operations.begin(anOperation(id, id));
const pin: Step = ({ hostKeys }, id) => hostKeys.pin({ ...KEY, host: id });
const lift: Step = ({ cordons }, id) => cordons.lift(id);
const removeHive: Step = (catalog, id) => catalog.removeHive(id);
const successor: Step = async (catalog, id) => {
  await catalog.removeHive(id);
  await catalog.addHive(aHive({ id, host: "10.7.7.7", createdAtMs: 1 }));
};
const online: Step = (catalog, id) => catalog.updateHiveStatus(id, "online");

/** Sent once: its outcome is unknown then, and the caller has to read. */
const SENT_ONCE: Record<string, Change> = {
  updateHive: {
    run: (catalog, id) => catalog.updateHive(aHive({ id, port: 1 })),
    others: { patch: (catalog, id) => catalog.patchHive(id, { port: 2 }), removal: removeHive, successor },
  },
  patchHive: {
    run: (catalog, id) => catalog.patchHive(id, { port: 1 }),
    others: { patch: (catalog, id) => catalog.patchHive(id, { port: 2 }), removal: removeHive, successor },
  },
  updateHiveStatus: {
    run: (catalog, id) => catalog.updateHiveStatus(id, "offline"),
    others: { status: online, removal: removeHive, successor },
  },
  markOffline: {
    run: (catalog, id) => catalog.markOffline(id, NOW_MS),
    others: { status: online, successor },
  },
  updateDevices: {
    run: (catalog, id) => catalog.updateDevices(id, DEVICES),
    others: { devices: (catalog, id) => catalog.updateDevices(id, OTHER_DEVICES), successor },
  },
  removeHive: { run: removeHive, others: { successor } },
  "cordons.set": {
    run: set,
    others: { lift, "other cordon": ({ cordons }, id) => cordons.set(id, { reason: "disk" }) },
  },
  "cordons.lift": {
    prepare: set,
    run: lift,
    others: { "other cordon": ({ cordons }, id) => cordons.set(id, { reason: "disk" }) },
  },
  "operations.save": {
    prepare: begin,
    run: ({ operations }, id) => operations.save(id, { steps: [], outputTail: "so far" }),
    others: {
      progress: ({ operations }, id) => operations.save(id, { steps: [], outputTail: "further" }),
      end: ({ operations }, id) => operations.finish(id, { state: "cancelled" }),
    },
  },
  "hostKeys.pin": {
    run: pin,
    others: {
      "other key": ({ hostKeys }, id) => hostKeys.pin({ ...KEY, host: id, publicKey: "AAAA" }),
      removal: ({ hostKeys }, id) => hostKeys.remove(id, 22),
    },
  },
  "hostKeys.remove": { prepare: pin, run: ({ hostKeys }, id) => hostKeys.remove(id, 22), others: { "new key": pin } },
  "tokens.removeEnded": {
    prepare: async (catalog, id) => [await add(catalog, id), await catalog.tokens.revoke(id)],
    run: ({ tokens }) => tokens.removeEnded(0),
    // As long as the revoked one is there, its id is taken.
    others: { "token of the same id": (catalog, id) => add(catalog, id).catch(() => undefined) },
  },
};

/** Sent again: what it finds is its own, or later than its own. */
const REPEATED: Record<string, Change> = {
  updateHeartbeat: {
    run: (catalog, id) => catalog.updateHeartbeat(id, 5),
    others: {
      beat: (catalog, id) => catalog.updateHeartbeat(id, 9),
      status: online,
    },
  },
  "tokens.add": { run: add, others: { revocation: ({ tokens }, id) => tokens.revoke(id) } },
  "tokens.revoke": {
    prepare: add,
    run: ({ tokens }, id) => tokens.revoke(id),
    others: { "removal of the hive": removeHive },
  },
  "operations.begin": {
    run: begin,
    others: {
      progress: ({ operations }, id) => operations.save(id, { steps: [], outputTail: "further" }),
      end: ({ operations }, id) => operations.finish(id, { state: "cancelled" }),
    },
  },
  "operations.finish": {
    prepare: begin,
    run: ({ operations }, id) => operations.finish(id, { state: "failed" }),
    others: {
      "next one": ({ operations }, id) => operations.begin(anOperation(`${id}-next`, id)),
      "removal of the hive": removeHive,
    },
  },
};

const cases = (changes: Record<string, Change>) =>
  Object.entries(changes).flatMap(([name, { others, ...change }]) =>
    Object.entries(others).map(([what, other]) => [name, what, { ...change, other }] as const),
  );

let network: Network;
let catalog: HiveCatalog;
let others: HiveCatalog;
let nowMs = NOW_MS;
let count = 0;

beforeAll(async () => {
  network = await startNetwork();
  catalog = await network.open({ now: () => nowMs });
  others = await network.open({ now: () => ++nowMs });
});
afterAll(() => network[Symbol.asyncDispose]());

/** Loses the answer to `run`, or the request, and lets `other` happen then. What came of it, and what was stored when `other` was done and at the end. */
async function meet({ prepare, run, other }: Omit<Change, "others"> & { other: Step }, when: "before" | "after") {
  const id = `hive-${count++}`;
  await others.addHive(aHive({ id }));
  await prepare?.(others, id);
  nowMs += 1000;
  const everything = () =>
    Promise.all([
      others.getHive(id),
      others.cordons.get(id),
      others.tokens.get(id),
      others.operations.list({ hiveId: id }),
      others.hostKeys.find(id, 22),
    ]);
  let stored: unknown;
  const meanwhile = async () => {
    // What the other one does meets no fault.
    await other(others, id);
    stored = await everything();
  };
  network.proxy.failOnce(WRITE, { kind: "cut", when, meanwhile });
  const answer = await run(catalog, id).catch((error: unknown) => error);
  return { answer, stored, end: await everything() };
}

describe("a change that is sent once", () => {
  test.each(cases(SENT_ONCE))(
    "%s, made and not answered, undoes nothing of another's %s",
    async (_name, _what, change) => {
      const { answer, stored, end } = await meet(change, "after");
      expect(answer).toMatchObject({
        code: "CATALOG_OUTCOME_UNKNOWN",
        message: expect.stringMatching(/read it, then decide$/),
      });
      expect(end).toEqual(stored);
    },
  );

  test.each(cases(SENT_ONCE))("%s, lost on its way, comes not after another's %s", async (_name, _what, change) => {
    const { answer, stored, end } = await meet(change, "before");
    expect(answer).toMatchObject({ code: "CATALOG_OUTCOME_UNKNOWN" });
    expect(end).toEqual(stored);
  });
});

describe("a change that is repeated", () => {
  test.each(cases(REPEATED))(
    "%s, made and not answered, undoes nothing of another's %s",
    async (_name, _what, change) => {
      const { answer, stored, end } = await meet(change, "after");
      expect(answer).not.toBeInstanceOf(Error);
      expect(end).toEqual(stored);
    },
  );

  test("a beat that was lost on its way does not go back behind another's", async () => {
    const beat = REPEATED.updateHeartbeat as Change;
    const { stored, end } = await meet({ ...beat, other: beat.others.beat as Step }, "before");
    expect(end).toEqual(stored);
  });
});

describe("an add", () => {
  const meeting = async (when: "before" | "after", other: Step) => {
    const id = `new-${count++}`;
    network.proxy.failOnce(WRITE, { kind: "cut", when, meanwhile: () => other(network.direct, id) });
    const answer = await catalog.addHive(aHive({ id })).catch((error: unknown) => error);
    return { id, answer, stored: await network.direct.getHive(id) };
  };

  test("that meets another's hive of the same id throws HIVE_ALREADY_EXISTS, and changes nothing of it", async () => {
    let theirs: HiveRecord | undefined;
    const { id, answer, stored } = await meeting("before", async (others, newId) => {
      theirs = await others.addHive(aHive({ id: newId, host: "10.7.7.7" }));
    });
    expect(answer).toMatchObject({ code: "HIVE_ALREADY_EXISTS", hiveId: id });
    expect(stored).toEqual(theirs);
  });

  test("finds its own hive although that beat and went online meanwhile", async () => {
    const { id, answer, stored } = await meeting("after", async (others, newId) => {
      await others.updateHeartbeat(newId, 7);
      await others.updateHiveStatus(newId, "online");
    });
    expect(answer).toMatchObject({ id, status: "online", lastHeartbeatMs: 7 });
    expect(stored).toEqual(answer);
  });

  test("whose hive was moved to another address meanwhile does not take that one for its own", async () => {
    const { answer, stored } = await meeting("after", (others, id) => others.patchHive(id, { host: "10.7.7.7" }));
    expect(answer).toMatchObject({ code: "HIVE_ALREADY_EXISTS" });
    expect(stored).toMatchObject({ host: "10.7.7.7" });
  });
});

test("a remove of what was not there says false, if its answer comes", async () => {
  expect(await catalog.removeHive("nobody")).toBe(false);
  network.proxy.failOnce(WRITE, { kind: "cut", when: "after" });
  expect(await refusalOf(catalog.removeHive("nobody"))).toMatchObject({ code: "CATALOG_OUTCOME_UNKNOWN" });
});
