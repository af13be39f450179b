import { expect, test } from "vitest";
import type { HiveCatalog } from "../../src/catalog.ts";
import { aHive } from "../../src/testing.ts";
import { anOperation, HASH, NOW_MS, PUBLIC_KEY } from "../behaviour/samples.ts";
import { refusalOf } from "../refusal.ts";
import type { Fault } from "./faulty-proxy.ts";
import { startNetwork } from "./network.ts";

const WRITE = /"sql":"\s*(?:insert|update|delete)/i;
const TOKEN = { id: "t", name: "T", role: "hive", hiveId: "a", hash: HASH } as const;
const KEY = { host: "h", port: 22, keyType: "ssh-rsa", publicKey: PUBLIC_KEY };

type Step = {
  /** What has to be there before. */
  prepare?: (direct: HiveCatalog) => Promise<unknown>;
  run: (catalog: HiveCatalog) => Promise<unknown>;
  /** What is stored afterwards. */
  stored: (direct: HiveCatalog) => Promise<unknown>;
};

const set = (catalog: HiveCatalog) => catalog.cordons.set("a", { reason: "fans" });
const add = (catalog: HiveCatalog) => catalog.tokens.add(TOKEN);
const begin = (catalog: HiveCatalog) => catalog.operations.begin(anOperation("o"));
const pin = (catalog: HiveCatalog) => catalog.hostKeys.pin(KEY);

/** Each change, where it is done once and where its answer was lost: both are to answer and to leave the same. */
const CHANGES: Record<string, Step> = {
  "cordons.set": { run: set, stored: ({ cordons }) => cordons.list() },
  "cordons.lift": { prepare: set, run: ({ cordons }) => cordons.lift("a"), stored: ({ cordons }) => cordons.list() },
  "cordons.lift of none": { run: ({ cordons }) => cordons.lift("a"), stored: ({ cordons }) => cordons.list() },
  "tokens.add": { run: add, stored: ({ tokens }) => tokens.get("t") },
  "tokens.revoke": { prepare: add, run: ({ tokens }) => tokens.revoke("t"), stored: ({ tokens }) => tokens.list() },
  "operations.begin": { run: begin, stored: ({ operations }) => operations.list() },
  "operations.save": {
    prepare: begin,
    run: ({ operations }) => operations.save("o", { steps: [], outputTail: "so far" }),
    stored: ({ operations }) => operations.list(),
  },
  "operations.finish": {
    prepare: begin,
    run: ({ operations }) => operations.finish("o", { state: "failed", problem: "why" }),
    stored: ({ operations }) => operations.list(),
  },
  "operations.finish of none": {
    run: ({ operations }) => operations.finish("o", { state: "failed" }),
    stored: ({ operations }) => operations.list(),
  },
  "hostKeys.pin": { run: pin, stored: ({ hostKeys }) => hostKeys.list() },
  "hostKeys.remove": {
    prepare: pin,
    run: ({ hostKeys }) => hostKeys.remove("h", 22),
    stored: ({ hostKeys }) => hostKeys.list(),
  },
  "removeHive with a cordon and a token": {
    prepare: async (direct) => [await set(direct), await add(direct)],
    run: (catalog) => catalog.removeHive("a"),
    stored: async ({ cordons, tokens }) => [await cordons.list(), await tokens.list()],
  },
};

const FAULTS: Record<string, Fault> = {
  "is cut before the server got it": { kind: "cut", when: "before" },
  "is cut after the commit, before the answer": { kind: "cut", when: "after" },
  "is answered with garbage after the commit": { kind: "garbage", when: "after" },
};

/** What a change answers and leaves, with a fault or without. */
async function outcomeOf({ prepare, run, stored }: Step, fault?: Fault) {
  await using network = await startNetwork();
  const now = () => NOW_MS;
  const direct = await network.open({ now });
  await direct.addHive(aHive({ id: "a" }));
  await prepare?.(direct);
  const catalog = await network.open({ now });
  if (fault) network.proxy.failOnce(WRITE, fault);
  const answer = await run(catalog);
  expect(network.proxy.faults).toBe(fault ? 1 : 0);
  return { answer, stored: await stored(direct) };
}

test.each(Object.entries(CHANGES))(
  "%s answers and leaves the same when its request meets a fault",
  async (_, change) => {
    const expected = await outcomeOf(change);
    for (const [name, fault] of Object.entries(FAULTS)) {
      expect(await outcomeOf(change, fault), `the request ${name}`).toEqual(expected);
    }
  },
);

test("a repeated begin or add that meets another's record refuses", async () => {
  await using network = await startNetwork();
  await network.direct.addHive(aHive({ id: "a" }));
  const catalog = await network.open();
  const begun = () => network.direct.operations.begin({ ...anOperation("other"), owner: "queen-2" });
  network.proxy.failOnce(WRITE, { kind: "cut", when: "before", meanwhile: begun });
  expect(await refusalOf(begin(catalog))).toMatchObject({ code: "OPERATION_IN_PROGRESS", hiveId: "a" });
  const added = () => network.direct.tokens.add({ ...TOKEN, hash: "f".repeat(64) });
  network.proxy.failOnce(WRITE, { kind: "cut", when: "before", meanwhile: added });
  expect(await refusalOf(add(catalog))).toMatchObject({ code: "INVALID_ARGUMENT", problems: [{ field: "id" }] });
});
