import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { aHeartbeat, aWorker } from "../../../test/a-worker.ts";
import { FakeClock } from "../../../test/fake-clock.ts";
import { HiveRegistry } from "./registry.ts";
import type { Worker } from "./worker.ts";

const STALE_AFTER_MS = 60_000;

function newRegistry() {
  const clock = new FakeClock();
  const fromMs = new Map<string, number>();
  const untilMs = new Map<string, number>();
  const registry = new HiveRegistry({
    clock,
    staleAfterMs: STALE_AFTER_MS,
    takesWorkFromMs: (id) => fromMs.get(id) ?? Number.NEGATIVE_INFINITY,
    cordonedUntilMs: (id) => untilMs.get(id) ?? 0,
  });
  const setFrom = (id: string, ms: number) => {
    fromMs.set(id, ms);
    registry.reconsider(id);
  };
  const cordonUntil = (id: string, ms: number) => {
    untilMs.set(id, ms);
    registry.reconsider(id);
  };
  const takesWork = (id: string) =>
    (fromMs.get(id) ?? 0) <= clock.monotonicMs && (untilMs.get(id) ?? 0) <= clock.wallMs;
  const places = (found: { hiveId: string; worker: Worker }[]) =>
    found.map(({ hiveId, worker }) => `${hiveId}/${worker.workerId}`).sort();
  const best = (model: string) => registry.bestWorker(model)?.worker.workerId;
  return { clock, registry, setFrom, cordonUntil, takesWork, places, best };
}

describe("hives", () => {
  test("keeps the newest heartbeat of a hive, its skew and its age", () => {
    const { registry, clock } = newRegistry();
    registry.update(aHeartbeat("a", [aWorker({ workerId: "w1" })]), 100);
    clock.advance(10);
    registry.update(aHeartbeat("a", [aWorker({ workerId: "w2" })]), -200);
    clock.advance(5);
    expect(registry.get("a")).toEqual({
      workers: [aWorker({ workerId: "w2" })],
      skewMs: -200,
      ageMs: 5,
      live: true,
    });
    expect(registry.get("b")).toBeUndefined();
  });

  test("counts a hive as live until its heartbeat reaches the stale age, whatever the wall clock does", () => {
    const { registry, clock } = newRegistry();
    registry.update(aHeartbeat("a", []), 0);
    clock.wallMs += 10 * STALE_AFTER_MS;
    clock.monotonicMs += STALE_AFTER_MS - 1;
    expect(registry.get("a")?.live).toBe(true);
    clock.monotonicMs += 1;
    expect(registry.get("a")?.live).toBe(false);
  });

  test("forgets a removed hive and its workers", () => {
    const { registry } = newRegistry();
    registry.update(aHeartbeat("a", [aWorker()]), 0);
    registry.remove("a");
    expect(registry.get("a")).toBeUndefined();
    expect(registry.workers()).toEqual([]);
    expect(registry.bestWorker("llama-3-8b")).toBeUndefined();
  });
});

describe("workers", () => {
  test("finds the workers of live hives by model, state and backend, together and alone", () => {
    const { registry, clock, places } = newRegistry();
    registry.update(aHeartbeat("stale", [aWorker()]), 0);
    clock.advance(STALE_AFTER_MS);
    registry.update(
      aHeartbeat("a", [aWorker({ workerId: "1" }), aWorker({ workerId: "2", state: "Busy", backend: "cpu" })]),
      0,
    );
    registry.update(
      aHeartbeat("b", [
        aWorker({ workerId: "3", modelId: "phi-3" }),
        aWorker({ workerId: "4", modelId: null, backend: null }),
      ]),
      0,
    );

    expect(places(registry.workers())).toEqual(["a/1", "a/2", "b/3", "b/4"]);
    expect(places(registry.workers({ model: "llama-3-8b" }))).toEqual(["a/1", "a/2"]);
    expect(places(registry.workers({ state: "Idle" }))).toEqual(["a/1", "b/3", "b/4"]);
    expect(places(registry.workers({ backend: "cuda" }))).toEqual(["a/1", "b/3"]);
    expect(places(registry.workers({ model: "llama-3-8b", state: "Busy", backend: "cpu" }))).toEqual(["a/2"]);
    expect(places(registry.workers({ model: "llama-3-8b", backend: "rocm" }))).toEqual([]);
    expect(places(registry.workers({ model: "none" }))).toEqual([]);
  });

  test("finds a hive's workers again after it was stale and came back", () => {
    const { registry, clock, places } = newRegistry();
    registry.update(aHeartbeat("a", [aWorker()]), 0);
    clock.advance(STALE_AFTER_MS);
    expect(registry.workers()).toEqual([]);
    registry.update(aHeartbeat("a", [aWorker()]), 0);
    expect(places(registry.workers({ model: "llama-3-8b" }))).toEqual(["a/worker-1"]);
  });

  test("answers as a look at every worker would, after any series of beats, silences, removals, cordons, probations and jumps of the wall clock", () => {
    const worker = fc.record({
      workerId: fc.constantFrom("1", "2", "3"),
      state: fc.constantFrom<Worker["state"]>("Idle", "Busy", "Loading"),
      modelId: fc.constantFrom("m1", "m2", null),
      backend: fc.constantFrom("cuda", "cpu", null),
      healthStatus: fc.constantFrom("healthy", "degraded"),
      gpuPercent: fc.constantFrom(0, 10, 20, null),
      cpuPercent: fc.constantFrom(0, 5, null),
    });
    const hiveId = fc.constantFrom("a", "b", "c", "d");
    const inMs = fc.oneof(fc.constantFrom(0, Number.POSITIVE_INFINITY), fc.integer({ min: 1, max: STALE_AFTER_MS }));
    const jump = STALE_AFTER_MS / 2;
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ beat: hiveId, workers: fc.array(worker.map(aWorker), { maxLength: 4 }) }) },
      { weight: 1, arbitrary: fc.record({ remove: hiveId }) },
      { weight: 2, arbitrary: fc.record({ advanceMs: fc.integer({ min: 1, max: STALE_AFTER_MS }) }) },
      { weight: 2, arbitrary: fc.record({ noWork: hiveId, inMs }) },
      { weight: 2, arbitrary: fc.record({ cordon: hiveId, inMs }) },
      { weight: 1, arbitrary: fc.record({ wallJumpMs: fc.integer({ min: -jump, max: jump }) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { registry, clock, setFrom, cordonUntil, takesWork } = newRegistry();
        const model = new Map<string, { workers: Worker[]; atMs: number }>();
        for (const next of steps) {
          if ("beat" in next) {
            registry.update(aHeartbeat(next.beat, next.workers), 0);
            model.set(next.beat, { workers: next.workers, atMs: clock.monotonicMs });
          } else if ("remove" in next) {
            registry.remove(next.remove);
            model.delete(next.remove);
          } else if ("noWork" in next) setFrom(next.noWork, clock.monotonicMs + next.inMs);
          else if ("cordon" in next) cordonUntil(next.cordon, clock.wallMs + next.inMs);
          else if ("wallJumpMs" in next) clock.wallMs += next.wallJumpMs;
          else clock.advance(next.advanceMs);

          const best = registry.bestWorker("m1");
          const live = [...model].filter(([, { atMs }]) => clock.monotonicMs - atMs < STALE_AFTER_MS);
          const all = live.flatMap(([id, { workers }]) => workers.map((found) => ({ hiveId: id, worker: found })));
          const key = (found: { hiveId: string; worker: Worker }) => JSON.stringify([found.hiveId, found.worker]);
          for (const filter of [{ model: "m1" }, { state: "Idle" as const }, { backend: "cpu", model: "m2" }]) {
            const expected = all.filter(
              ({ worker: { modelId, state, backend } }) =>
                (filter.model ?? modelId) === modelId &&
                (filter.state ?? state) === state &&
                (filter.backend ?? backend) === backend,
            );
            expect(registry.workers(filter).map(key).sort()).toEqual(expected.map(key).sort());
          }
          const busy = (id: string) => model.get(id)?.workers.filter(({ state }) => state === "Busy").length ?? 0;
          const [first] = all
            .filter(({ hiveId: id, worker: { modelId, state, healthStatus } }) => {
              return modelId === "m1" && state === "Idle" && healthStatus === "healthy" && takesWork(id);
            })
            .map((found) => ({
              rank: [
                found.worker.gpuPercent ?? 0,
                found.worker.cpuPercent ?? 0,
                busy(found.hiveId),
                found.worker.workerId,
                found.hiveId,
              ],
            }))
            .sort((a, b) => compare(a.rank, b.rank));
          const bestRank = best && [
            best.worker.gpuPercent ?? 0,
            best.worker.cpuPercent ?? 0,
            busy(best.hiveId),
            best.worker.workerId,
            best.hiveId,
          ];
          expect(bestRank).toEqual(first?.rank);
        }
      }),
      { numRuns: 300 },
    );
  });
});

function compare(a: (string | number)[], b: (string | number)[]): number {
  const at = a.findIndex((value, position) => value !== b[position]);
  const [left, right] = [a[at] ?? 0, b[at] ?? 0];
  return at === -1 ? 0 : left < right ? -1 : 1;
}

describe("the best worker", () => {
  test("is idle and healthy", () => {
    const { registry, best } = newRegistry();
    registry.update(
      aHeartbeat("a", [
        aWorker({ workerId: "busy", state: "Busy" }),
        aWorker({ workerId: "loading", state: "Loading" }),
        aWorker({ workerId: "sick", healthStatus: "degraded" }),
        aWorker({ workerId: "good", gpuPercent: 99 }),
      ]),
      0,
    );
    expect(best("llama-3-8b")).toBe("good");
    expect(best("other")).toBeUndefined();
  });

  test("has the lowest GPU load, then CPU load, then the fewest busy neighbours, then the first id", () => {
    const { registry, best } = newRegistry();
    registry.update(aHeartbeat("a", [aWorker({ workerId: "gpu-20", gpuPercent: 20, cpuPercent: 0 })]), 0);
    expect(best("llama-3-8b")).toBe("gpu-20");
    registry.update(aHeartbeat("b", [aWorker({ workerId: "cpu-9", gpuPercent: 10, cpuPercent: 9 })]), 0);
    expect(best("llama-3-8b")).toBe("cpu-9");
    registry.update(
      aHeartbeat("c", [
        aWorker({ workerId: "neighbour", gpuPercent: 10, cpuPercent: 1 }),
        aWorker({ workerId: "n", state: "Busy" }),
      ]),
      0,
    );
    expect(best("llama-3-8b")).toBe("neighbour");
    registry.update(aHeartbeat("d", [aWorker({ workerId: "z", gpuPercent: 10, cpuPercent: 1 })]), 0);
    expect(best("llama-3-8b")).toBe("z");
    registry.update(aHeartbeat("e", [aWorker({ workerId: "y", gpuPercent: 10, cpuPercent: 1 })]), 0);
    expect(best("llama-3-8b")).toBe("y");
    registry.update(aHeartbeat("f", [aWorker({ workerId: "silent", gpuPercent: null, cpuPercent: null })]), 0);
    expect(best("llama-3-8b")).toBe("silent");
  });

  test("follows the load from beat to beat", () => {
    const { registry, best } = newRegistry();
    const beat = (gpuPercents: number[]) =>
      registry.update(
        aHeartbeat(
          "a",
          gpuPercents.map((gpuPercent, index) => aWorker({ workerId: `w${index}`, gpuPercent })),
        ),
        0,
      );
    beat([10, 20, 30]);
    expect(best("llama-3-8b")).toBe("w0");
    beat([90, 80, 70]);
    expect(best("llama-3-8b")).toBe("w2");
  });

  test("runs on a live hive that is online", () => {
    const { registry, clock, setFrom, best } = newRegistry();
    registry.update(aHeartbeat("a", [aWorker({ workerId: "first" })]), 0);
    clock.advance(1000);
    registry.update(aHeartbeat("b", [aWorker({ workerId: "second", gpuPercent: 50 })]), 0);
    setFrom("a", Number.POSITIVE_INFINITY);
    expect(best("llama-3-8b")).toBe("second");
    setFrom("a", 0);
    expect(best("llama-3-8b")).toBe("first");
    clock.advance(STALE_AFTER_MS - 1000);
    expect(best("llama-3-8b")).toBe("second");
    clock.advance(1000);
    expect(best("llama-3-8b")).toBeUndefined();
  });

  test("is on no hive whose cordon is in force again after the wall clock was set back", () => {
    const { registry, clock, cordonUntil, best } = newRegistry();
    registry.update(aHeartbeat("a", [aWorker()]), 0);
    cordonUntil("a", clock.wallMs + 1000);
    clock.advance(1000);
    expect(best("llama-3-8b")).toBe("worker-1");
    clock.wallMs -= 500;
    expect(best("llama-3-8b")).toBeUndefined();
    clock.advance(500);
    expect(best("llama-3-8b")).toBe("worker-1");
  });

  test("is found on each of many hives whose cordons end at one moment", () => {
    const { registry, clock, cordonUntil } = newRegistry();
    const ids = Array.from({ length: 100 }, (_, n) => `hive-${n}`);
    for (const id of ids) {
      registry.update(aHeartbeat(id, [aWorker({ modelId: id })]), 0);
      cordonUntil(id, clock.wallMs + 1000);
    }
    expect(registry.bestWorker("hive-99")).toBeUndefined();
    clock.advance(1000);
    expect(registry.bestWorker("hive-50")?.hiveId).toBe("hive-50");
    expect(ids.map((id) => registry.bestWorker(id)?.hiveId)).toEqual(ids);
  });

  test("is found without asking again which hives take work", () => {
    let looks = 0;
    const registry = new HiveRegistry({
      clock: new FakeClock(),
      staleAfterMs: STALE_AFTER_MS,
      takesWorkFromMs: () => 0,
      cordonedUntilMs: (id) => {
        looks += 1;
        return id === "free" ? 0 : Number.POSITIVE_INFINITY;
      },
    });
    for (let n = 0; n < 100; n++) registry.update(aHeartbeat(`cordoned-${n}`, [aWorker()]), 0);
    registry.update(aHeartbeat("free", [aWorker({ gpuPercent: 99 })]), 0);
    looks = 0;
    expect(registry.bestWorker("llama-3-8b")?.hiveId).toBe("free");
    expect(looks).toBe(0);
  });
});
