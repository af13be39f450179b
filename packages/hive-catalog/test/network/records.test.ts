import { expect, test } from "vitest";
import type { HiveCatalog } from "../../src/catalog.ts";
import { aHive } from "../../src/testing.ts";
import { anOperation, HASH, NOW_MS, PUBLIC_KEY } from "../behaviour/samples.ts";
import { refusalOf } from "../refusal.ts";
import type { Fault } from "./faulty-proxy.ts";
import { startNetwork } from "./network.ts";

const WRITE = /"sql":"\s*(?:insert|update|delete)/i;
const KEY = { port: 22, keyType: "ssh-rsa", publicKey: PUBLIC_KEY };

/** Everything that a step does is about the hive `id`, which nothing else touches. */
type Step = (catalog: HiveCatalog, id: string) => Promise<unknown>;
type Change = {
  /** What has to be there before. */
  prepare?: Step;
  run: Step;
  /** Whether it is sent again when its answer is lost. */
  isRepeated?: true;
};

const set: Step = ({ cordons }, id) => cordons.set(id, { reason: "fans" });
const add: Step = ({ tokens }, id) => tokens.add({ id, name: "T", role: "hive", hiveId: id, hash: HASH });
const LOGIN = { cookieHash: HASH, keyHash: HASH, expiresAtMs: 4_000_000_000_000 };
const logIn: Step = ({ sessions }, id) => sessions.add({ ...LOGIN, tokenId: id });
const addAndLogIn: Step = async (catalog, id) => {
  await add(catalog, id);
  await logIn(catalog, id);
};
const begin: Step = ({ operations }, id) => operations.begin(anOperation(id, id));
const pin: Step = ({ hostKeys }, id) => hostKeys.pin({ ...KEY, host: id });

const CHANGES: Record<string, Change> = {
  "cordons.set": { run: set },
  "cordons.lift": { prepare: set, run: ({ cordons }, id) => cordons.lift(id) },
  "cordons.lift of none": { run: ({ cordons }, id) => cordons.lift(id) },
  "tokens.add": { run: add, isRepeated: true },
  "tokens.revoke": { prepare: add, run: ({ tokens }, id) => tokens.revoke(id), isRepeated: true },
  "tokens.revoke of none": { run: ({ tokens }, id) => tokens.revoke(id), isRepeated: true },
  "tokens.used": { prepare: add, run: ({ tokens }, id) => tokens.used(new Map([[id, 1]])), isRepeated: true },
  "sessions.add": { prepare: add, run: logIn, isRepeated: true },
  "sessions.remove": { prepare: addAndLogIn, run: ({ sessions }) => sessions.remove(HASH), isRepeated: true },
  "operations.begin": { run: begin, isRepeated: true },
  "operations.save": {
    prepare: begin,
    run: ({ operations }, id) => operations.save(id, { steps: [], outputTail: "so far" }),
  },
  "operations.finish": {
    prepare: begin,
    run: ({ operations }, id) => operations.finish(id, { state: "failed", problem: "why" }),
    isRepeated: true,
  },
  "operations.finish of none": {
    run: ({ operations }, id) => operations.finish(id, { state: "failed" }),
    isRepeated: true,
  },
  "hostKeys.pin": { run: pin },
  "hostKeys.remove": { prepare: pin, run: ({ hostKeys }, id) => hostKeys.remove(id, 22) },
  "hostKeys.remove of none": { run: ({ hostKeys }, id) => hostKeys.remove(id, 22) },
  "queens.renew": { run: ({ queens }, id) => queens.renew(id), isRepeated: true },
  "queens.remove": {
    prepare: ({ queens }, id) => queens.renew(id),
    run: ({ queens }, id) => queens.remove(id),
    isRepeated: true,
  },
  "removeHive with a cordon and a token": {
    prepare: async (catalog, id) => [await set(catalog, id), await add(catalog, id)],
    run: (catalog, id) => catalog.removeHive(id),
  },
};

const FAULTS: Record<string, Fault> = {
  "cut before the server got it": { kind: "cut", when: "before" },
  "cut after the commit, before the answer": { kind: "cut", when: "after" },
  "answered with garbage after the commit": { kind: "garbage", when: "after" },
};

type Outcome = { answer: unknown; after: unknown };

/** What each change answers and leaves, when its request meets a fault or none; and to `before`, what it found. */
async function outcomes(fault?: Fault, before?: Map<string, unknown>): Promise<Map<string, Outcome>> {
  await using network = await startNetwork();
  const now = () => NOW_MS;
  const [direct, catalog] = [await network.open({ now }), await network.open({ now })];
  const { cordons, tokens, operations, hostKeys } = direct;
  const runs = async (id: string) => (await direct.queens.list()).some((queen) => queen.id === id);
  const stored = (id: string) =>
    Promise.all([
      ...[
        cordons.get(id),
        tokens.get(id),
        operations.get(id),
        hostKeys.find(id, 22),
        direct.sessions.get(HASH),
        direct.hiveExists(id),
      ],
      runs(id),
    ]);
  const found = new Map<string, Outcome>();
  for (const [index, [name, { prepare, run }]] of Object.entries(CHANGES).entries()) {
    const id = `hive-${index}`;
    await direct.addHive(aHive({ id }));
    await prepare?.(direct, id);
    before?.set(name, await stored(id));
    if (fault) network.proxy.failOnce(WRITE, fault);
    const answer = await run(catalog, id).catch((error: { code: string }) => error.code);
    found.set(name, { answer, after: await stored(id) });
  }
  expect(network.proxy.faults).toBe(fault ? Object.keys(CHANGES).length : 0);
  return found;
}

test("a change that is repeated answers and leaves the same whether or not its request meets a fault; of others it is said that nobody knows", async () => {
  const found = new Map<string, unknown>();
  const sound = await outcomes(undefined, found);
  for (const [fault, { when }] of Object.entries(FAULTS)) {
    for (const [name, outcome] of await outcomes(FAULTS[fault])) {
      const { answer, after } = sound.get(name) as Outcome;
      const expected = CHANGES[name]?.isRepeated
        ? { answer, after }
        : { answer: "CATALOG_OUTCOME_UNKNOWN", after: when === "after" ? after : found.get(name) };
      expect(outcome, `${name}, ${fault}`).toEqual(expected);
    }
  }
});

test("a repeated begin or add that meets another's record refuses", async () => {
  await using network = await startNetwork();
  await network.direct.addHive(aHive({ id: "a" }));
  const catalog = await network.open();
  const begun = () => network.direct.operations.begin({ ...anOperation("other"), owner: "queen-2" });
  network.proxy.failOnce(WRITE, { kind: "cut", when: "before", meanwhile: begun });
  expect(await refusalOf(begin(catalog, "a"))).toMatchObject({ code: "OPERATION_IN_PROGRESS", hiveId: "a" });
  const token = { id: "a", name: "A", role: "reader", hash: HASH, createdAtMs: 1 } as const;
  const added = () => network.direct.tokens.add({ ...token, name: "B" });
  network.proxy.failOnce(WRITE, { kind: "cut", when: "before", meanwhile: added });
  expect(await refusalOf(catalog.tokens.add(token))).toMatchObject({ problems: [{ field: "id" }] });
});
