import { expect, test } from "vitest";
import type { HiveCatalog } from "../../src/catalog.ts";
import { HiveCatalogError } from "../../src/errors.ts";
import { aHive } from "../../src/testing.ts";
import type { Fault } from "./faulty-proxy.ts";
import { type Network, startNetwork } from "./network.ts";

const ID = aHive().id;
const SEEDS = [1, 2, 3];
const FAULTS: readonly Fault[] = [
  { kind: "cut", when: "before" },
  { kind: "cut", when: "after" },
  { kind: "half an answer", when: "after" },
  { kind: "status", status: 429, when: "before" },
  { kind: "status", status: 503, when: "after" },
  { kind: "garbage", when: "after" },
];

/** Numbers from 0 to below `bound`, the same ones for the same seed (mulberry32). */
function randomIntegers(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

/** What has to be read then, before it is decided what to do. */
const UNKNOWN = "CATALOG_OUTCOME_UNKNOWN";

function openQueens(network: Network): Promise<HiveCatalog[]> {
  return Promise.all([network.open(), network.open(), network.open()]);
}

/** One request in five meets a fault. */
function breakAtRandom({ proxy }: Network, random: (bound: number) => number): void {
  proxy.plan = () => (random(5) === 0 ? FAULTS[random(FAULTS.length)] : undefined);
}

/** What a call answered, or the code with which it failed. */
function answerOf<Result>(work: Promise<Result>): Promise<Result | string> {
  return work.catch((error: unknown) => {
    if (error instanceof HiveCatalogError) return error.code;
    throw error;
  });
}

test.each(SEEDS)(
  "heartbeats of one hive through three queens: an answered beat is never lost (seed %i)",
  async (seed) => {
    await using network = await startNetwork();
    const random = randomIntegers(seed);
    const queens = await openQueens(network);
    await network.direct.addHive(aHive());
    breakAtRandom(network, random);
    const sent: number[] = [];
    const beatFifteenTimes = async (queen: HiveCatalog) => {
      let answered = 0;
      for (let beat = 0; beat < 15; beat++) {
        const timestampMs = 1 + random(1_000_000);
        sent.push(timestampMs);
        await queen.updateHeartbeat(ID, timestampMs);
        answered = Math.max(answered, timestampMs);
        expect((await queen.getHive(ID))?.lastHeartbeatMs).toBeGreaterThanOrEqual(answered);
      }
    };
    await Promise.all(queens.map(beatFifteenTimes));
    expect(network.proxy.faults).toBeGreaterThan(0);
    expect((await network.direct.getHive(ID))?.lastHeartbeatMs).toBe(Math.max(...sent));
  },
);

test.each(SEEDS)(
  "adds and removes of a few ids in races: each success stands for one change (seed %i)",
  async (seed) => {
    await using network = await startNetwork();
    const random = randomIntegers(seed);
    const queens = await openQueens(network);
    const ids = ["a", "b", "c"];
    const there = new Map(ids.map((id) => [id, 0]));
    const count = (id: string, change: number) => there.set(id, (there.get(id) ?? 0) + change);
    const addOrRemove = async (queen: HiveCatalog) => {
      for (let call = 0; call < 25; call++) {
        const id = ids[random(ids.length)] ?? "a";
        if (random(2) === 0) {
          const answer = await answerOf(queen.addHive(aHive({ id, port: 1 + random(60_000) })));
          if (answer !== "HIVE_ALREADY_EXISTS") {
            expect(answer).toMatchObject({ id });
            count(id, 1);
          }
        } else if ((await queen.removeHive(id)) === true) count(id, -1);
      }
    };
    await Promise.all(queens.map(addOrRemove));
    for (const id of ids) expect(await network.direct.hiveExists(id)).toBe(there.get(id) === 1);
    expect([...there.values()].every((balance) => balance === 0 || balance === 1)).toBe(true);
  },
);

test.each(SEEDS)("each queen with ids of its own behind a bad network: a plain model holds (seed %i)", async (seed) => {
  await using network = await startNetwork();
  const random = randomIntegers(seed);
  const queens = await openQueens(network);
  breakAtRandom(network, random);
  const model = new Map<string, { status: string; beat: number | null }>();
  const work = async (queen: HiveCatalog, number: number) => {
    for (let call = 0; call < 30; call++) {
      const id = `queen-${number}-${random(3)}`;
      const known = model.get(id);
      switch (random(4)) {
        case 0: {
          const hive = aHive({ id, createdAtMs: call, port: 1 + call });
          expect(await answerOf(queen.addHive(hive))).toEqual(known ? "HIVE_ALREADY_EXISTS" : hive);
          model.set(id, known ?? { status: "unknown", beat: null });
          break;
        }
        case 1: {
          const answer = await answerOf(queen.removeHive(id));
          if (answer === UNKNOWN && (await network.direct.hiveExists(id))) break;
          if (answer !== UNKNOWN) expect(answer).toBe(known !== undefined);
          model.delete(id);
          break;
        }
        case 2: {
          const status = (["online", "offline"] as const)[random(2)] ?? "online";
          const answer = await answerOf(queen.updateHiveStatus(id, status));
          const isMade = answer !== UNKNOWN || (await network.direct.getHive(id))?.status === status;
          if (answer !== UNKNOWN) expect(answer).toBe(known ? undefined : "HIVE_NOT_FOUND");
          if (known && isMade) known.status = status;
          break;
        }
        default: {
          const beat = 1 + random(1000);
          expect(await answerOf(queen.updateHeartbeat(id, beat))).toBe(known ? undefined : "HIVE_NOT_FOUND");
          if (known) known.beat = Math.max(beat, known.beat ?? 0);
        }
      }
    }
  };
  await Promise.all(queens.map(work));
  expect(network.proxy.faults).toBeGreaterThan(0);
  const stored = await network.direct.listHives();
  expect(new Map(stored.map(({ id, status, lastHeartbeatMs }) => [id, { status, beat: lastHeartbeatMs }]))).toEqual(
    model,
  );
});
