import { describe, expect, test } from "vitest";
import { newRegistry, STALE_AFTER_MS } from "../../../test/a-registry.ts";
import { aWorker } from "../../../test/a-worker.ts";

const two = () => [aWorker({ workerId: "a" }), aWorker({ workerId: "b", gpuPercent: 40 })];
function countsOf(ids: (string | undefined)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const id of ids) counts[id ?? "none"] = (counts[id ?? "none"] ?? 0) + 1;
  return counts;
}
const times = <Value>(count: number, make: () => Value) => Array.from({ length: count }, make);

describe("what was handed out", () => {
  test("counts as load: 20 callers get both of two idle workers, ten times each", () => {
    const { beat, handOut } = newRegistry();
    beat("hive", two());
    expect(countsOf(times(20, () => handOut()))).toEqual({ a: 10, b: 10 });
  });

  test("is shared out by the slots of each worker, until all are full", () => {
    const { beat, handOut } = newRegistry();
    beat("hive", [
      aWorker({ workerId: "8", slots: 8, running: 0 }),
      aWorker({ workerId: "4", slots: 4, running: 2 }),
      aWorker({ workerId: "full", slots: 2, running: 2 }),
    ]);
    expect(countsOf(times(6, () => handOut()))).toEqual({ 8: 5, 4: 1 });
    expect(countsOf(times(6, () => handOut()))).toEqual({ 8: 3, 4: 1, none: 2 });
  });

  test("counts a slot each of a worker that does not say how many are taken, and no more than it has", () => {
    const { beat, handOut } = newRegistry();
    beat("hive", [aWorker({ workerId: "8", slots: 8 }), aWorker({ workerId: "4", slots: 4, gpuPercent: 50 })]);
    expect(countsOf(times(6, () => handOut()))).toEqual({ 8: 5, 4: 1 });
    expect(countsOf(times(8, () => handOut()))).toEqual({ 8: 3, 4: 3, none: 2 });
  });

  test("is forgotten with the next beat of a hive that does not say when it looked", () => {
    const { beat, handOut } = newRegistry();
    beat("hive", two());
    expect([handOut(), handOut(), handOut()]).toEqual(["a", "b", "a"]);
    beat("hive", two());
    expect(handOut()).toBe("a");
  });

  test("counts until its hive has looked later than it was handed out, however many beats come", () => {
    const { beat, handOut, clock } = newRegistry();
    const one = [aWorker({ slots: 1, running: 0 })];
    beat("hive", one, 0);
    expect([handOut(), handOut()]).toEqual(["worker-1", undefined]);
    clock.advance(1000);
    beat("hive", one, 1000);
    expect(handOut()).toBeUndefined();
    beat("hive", one, 999);
    expect(handOut()).toBe("worker-1");
  });

  test("is forgotten once it is as old as a stale beat, if its hive beats and never looks again", () => {
    const { beat, handOut, clock } = newRegistry();
    const one = [aWorker({ slots: 1, running: 0 })];
    beat("hive", one, 0);
    expect(handOut()).toBe("worker-1");
    clock.advance(STALE_AFTER_MS);
    beat("hive", one, STALE_AFTER_MS);
    expect(handOut()).toBeUndefined();
    clock.advance(1);
    beat("hive", one, STALE_AFTER_MS + 1);
    expect(handOut()).toBe("worker-1");
  });

  test("counts by moments: of what a reading falls in between, the rest goes on to count", () => {
    const { beat, handOut, clock } = newRegistry();
    const wide = [aWorker({ slots: 100, running: 0 })];
    beat("hive", wide, 0);
    times(60, () => handOut());
    clock.advance(5000);
    times(30, () => handOut());
    clock.advance(5000);
    beat("hive", wide, 7000);
    expect(countsOf(times(100, () => handOut()))).toEqual({ "worker-1": 70, none: 30 });
  });

  test("counts for its worker alone, which may go and come back", () => {
    const { beat, handOut } = newRegistry();
    const one = aWorker({ slots: 1, running: 0 });
    beat("hive", [one, aWorker({ workerId: "other", slots: 1, running: 0 })], 0);
    expect([handOut(), handOut(), handOut()]).toEqual(["other", "worker-1", undefined]);
    beat("hive", [], 1);
    beat("hive", [one], 1);
    expect(handOut()).toBeUndefined();
  });
});

/** A generator of numbers from 0 to 1 that is the same in each run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const WORKERS = 20;
const BEAT_MS = 15_000;
const JOB_MS = 8000;

/**
 * Workers with one slot each, a hive for each, that beat at phases of their own; callers who come at random and go at once where they are sent.
 * Returns the share of requests that met a busy worker, and that nobody could be found for.
 */
function simulate({ load, requests, saysSlots, readAgoMs }: Simulation) {
  const { beat, registry, clock } = newRegistry();
  const random = seeded(7);
  const exponential = (meanMs: number) => -Math.log(1 - random()) * meanMs;
  const freeAtMs = times(WORKERS, () => 0);
  const nextBeatMs = times(WORKERS, () => random() * BEAT_MS);
  const isBusy = (worker: number, atMs: number) => (freeAtMs[worker] ?? 0) > atMs;
  let nowMs = 0;
  const passUntil = (untilMs: number) => {
    clock.advance(untilMs - nowMs);
    nowMs = untilMs;
  };
  const beatUntil = (untilMs: number) => {
    for (;;) {
      const worker = nextBeatMs.indexOf(Math.min(...nextBeatMs));
      const atMs = nextBeatMs[worker] ?? 0;
      if (atMs > untilMs) return;
      passUntil(atMs);
      // What a reading shows is a while ago; what has ended since is still busy in it.
      const busy = isBusy(worker, atMs - readAgoMs);
      const slots = saysSlots ? { slots: 1, running: busy ? 1 : 0 } : {};
      const seen = aWorker({ workerId: `${worker}`, state: busy ? "Busy" : "Idle", gpuPercent: null, ...slots });
      beat(`hive-${worker}`, [seen], readAgoMs);
      nextBeatMs[worker] = atMs + BEAT_MS;
    }
  };
  const counts = { metBusy: 0, refused: 0 };
  beatUntil(BEAT_MS);
  for (let n = 0; n < requests; n++) {
    const atMs = nowMs + exponential(JOB_MS / (WORKERS * load));
    beatUntil(atMs);
    passUntil(atMs);
    const best = registry.handOut({ model: "llama-3-8b" });
    if (best === undefined) {
      counts.refused += 1;
      continue;
    }
    const worker = Number(best.worker.workerId);
    if (isBusy(worker, nowMs)) counts.metBusy += 1;
    freeAtMs[worker] = Math.max(nowMs, freeAtMs[worker] ?? 0) + exponential(JOB_MS);
  }
  return { metBusy: counts.metBusy / requests, refused: counts.refused / requests };
}

interface Simulation {
  load: number;
  requests: number;
  saysSlots: boolean;
  readAgoMs: number;
}

/** So long before a beat an agent reads. */
const READ_AHEAD_MS = 3000;

test.each([
  { saysSlots: false, readAgoMs: 0 },
  { saysSlots: true, readAgoMs: 0 },
  { saysSlots: false, readAgoMs: READ_AHEAD_MS },
  { saysSlots: true, readAgoMs: READ_AHEAD_MS },
])("at a load of 20 % under 1 % of the requests are sent to a busy worker, and none is refused: %o", (how) => {
  const { metBusy, refused } = simulate({ load: 0.2, requests: 40_000, ...how });
  expect(metBusy).toBeLessThan(0.01);
  expect(refused).toBeLessThan(0.01);
});

test("64 callers over 50 hives with 200 workers of 5 models: no worker gets more than its share + 1 within a beat", async () => {
  const { beat, registry } = newRegistry();
  for (let hive = 0; hive < 50; hive++) {
    const workers = times(4, () => 0).map((_, n) => {
      const model = (hive * 4 + n) % 5;
      return aWorker({ workerId: `w${n}`, modelId: `model-${model}`, gpuPercent: (hive * 37 + n * 11) % 100 });
    });
    beat(`hive-${hive}`, workers, 0);
  }
  const random = seeded(3);
  const given = new Map<string, Map<string, number>>();
  const asked = new Map<string, number>();
  const call = async () => {
    for (let n = 0; n < 50; n++) {
      await Promise.resolve();
      const model = `model-${Math.floor(random() * 5)}`;
      const best = registry.handOut({ model });
      const place = `${best?.hiveId}/${best?.worker.workerId}`;
      const ofModel = given.get(model) ?? new Map<string, number>();
      given.set(model, ofModel.set(place, (ofModel.get(place) ?? 0) + 1));
      asked.set(model, (asked.get(model) ?? 0) + 1);
    }
  };
  await Promise.all(times(64, call));
  for (const [model, counts] of given) {
    expect(counts.size).toBe(40);
    expect(Math.max(...counts.values())).toBeLessThanOrEqual((asked.get(model) ?? 0) / 40 + 1);
  }
});
