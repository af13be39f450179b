import { expect, test } from "vitest";
import { aWorker } from "../../../test/a-worker.ts";
import { Hive } from "./hive.ts";
import { whyNoWorker } from "./why-no-worker.ts";

const [NOW_MS, WALL_NOW_MS] = [1000, 1_761_040_800_000];

const why = (
  ...hives: { takesWorkFromMs?: number; cordonedUntilMs?: number; isSilent?: boolean; isOutOfReach?: boolean }[]
) => {
  const silent = new Set<Hive>();
  const servings = hives.map(({ takesWorkFromMs = 0, cordonedUntilMs = 0, isSilent = false, isOutOfReach = false }) => {
    const worker = aWorker();
    const unreachable = new Set(isOutOfReach ? [worker] : []);
    const hive = { ...new Hive("a"), takesWorkFromMs, cordonedUntilMs, unreachable };
    if (isSilent) silent.add(hive);
    return { hive, workers: [worker], count: 1, bests: [], leastLoad: Number.POSITIVE_INFINITY };
  });
  return whyNoWorker(
    { servings, onDisk: [], models: [null, "phi-3", "gemma"] },
    {},
    { nowMs: NOW_MS, wallNowMs: WALL_NOW_MS, isLive: (hive) => !silent.has(hive) },
  );
};
const NONE = {
  offline: 0,
  cordoned: 0,
  on_probation: 0,
  of_another_backend: 0,
  without_idle_worker: 0,
  out_of_reach: 0,
  without_memory: 0,
};

test.each([
  ["offline", { takesWorkFromMs: Number.POSITIVE_INFINITY, cordonedUntilMs: Number.POSITIVE_INFINITY }],
  ["offline", { isSilent: true }],
  ["cordoned", { cordonedUntilMs: WALL_NOW_MS + 1, takesWorkFromMs: NOW_MS + 1 }],
  ["on_probation", { takesWorkFromMs: NOW_MS + 1, cordonedUntilMs: WALL_NOW_MS }],
  ["without_idle_worker", { takesWorkFromMs: NOW_MS }],
  ["out_of_reach", { isOutOfReach: true }],
])("a hive is counted once, as %s: %j", (obstacle, hive) => {
  expect(why(hive)).toEqual({ serving: 1, hives: { ...NONE, [obstacle]: 1 }, onDisk: 0, otherModels: [] });
});

test("other models are named only when no hive serves the one that is asked for", () => {
  expect(why()).toEqual({ serving: 0, hives: NONE, onDisk: 0, otherModels: ["gemma", "phi-3"] });
});

test("of those that have the model on disk only live ones count", () => {
  const [live, silent] = [new Hive("live"), new Hive("silent")];
  const supply = { servings: [], onDisk: [live, silent], models: [] };
  const now = { nowMs: NOW_MS, wallNowMs: WALL_NOW_MS, isLive: (hive: Hive) => hive === live };
  expect(whyNoWorker(supply, {}, now).onDisk).toBe(1);
});
