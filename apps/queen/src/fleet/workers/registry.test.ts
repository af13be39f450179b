import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { newRegistry, STALE_AFTER_MS } from "../../../test/a-registry.ts";
import { aHeartbeat, aWorker } from "../../../test/a-worker.ts";
import type { Worker, WorkerState } from "./worker.ts";

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
      reading: null,
      readAgeMs: null,
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
    expect([...registry.workers()].flat()).toEqual([]);
    expect(registry.handOut({ model: "llama-3-8b" })).toBeUndefined();
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

    expect(places([...registry.workers()].flat())).toEqual(["a/1", "a/2", "b/3", "b/4"]);
    expect(places([...registry.workers({ model: "llama-3-8b" })].flat())).toEqual(["a/1", "a/2"]);
    expect(places([...registry.workers({ state: ["Idle"] })].flat())).toEqual(["a/1", "b/3", "b/4"]);
    expect(places([...registry.workers({ backend: "cuda" })].flat())).toEqual(["a/1", "b/3"]);
    expect(places([...registry.workers({ model: "llama-3-8b", state: ["Busy"], backend: "cpu" })].flat())).toEqual([
      "a/2",
    ]);
    expect(places([...registry.workers({ model: "llama-3-8b", backend: "rocm" })].flat())).toEqual([]);
    expect(places([...registry.workers({ model: "none" })].flat())).toEqual([]);
  });

  test("finds a hive's workers again after it was stale and came back", () => {
    const { registry, clock, places } = newRegistry();
    registry.update(aHeartbeat("a", [aWorker()]), 0);
    clock.advance(STALE_AFTER_MS);
    expect([...registry.workers()].flat()).toEqual([]);
    registry.update(aHeartbeat("a", [aWorker()]), 0);
    expect(places([...registry.workers({ model: "llama-3-8b" })].flat())).toEqual(["a/worker-1"]);
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
      running: fc.constantFrom(0, 1, null),
      slots: fc.constantFrom(1, 2, null),
    });
    const selector = ({ workerId }: Worker) => workerId;
    const workers = fc.uniqueArray(worker.map(aWorker), { maxLength: 3, selector });
    const hiveId = fc.constantFrom("a", "b", "c", "d");
    const inMs = fc.oneof(fc.constantFrom(0, Number.POSITIVE_INFINITY), fc.integer({ min: 1, max: STALE_AFTER_MS }));
    const jump = STALE_AFTER_MS / 2;
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ beat: hiveId, workers }) },
      { weight: 1, arbitrary: fc.record({ remove: hiveId }) },
      { weight: 2, arbitrary: fc.record({ advanceMs: fc.integer({ min: 1, max: STALE_AFTER_MS }) }) },
      { weight: 2, arbitrary: fc.record({ noWork: hiveId, inMs }) },
      { weight: 2, arbitrary: fc.record({ cordon: hiveId, inMs }) },
      { weight: 1, arbitrary: fc.record({ wallJumpMs: fc.integer({ min: -jump, max: jump }) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { registry, clock, setFrom, cordonUntil, takesWork } = newRegistry();
        const model = new Map<string, { workers: Worker[]; atMs: number; given: string[] }>();
        for (const next of steps) {
          if ("beat" in next) {
            registry.update(aHeartbeat(next.beat, next.workers), 0);
            model.set(next.beat, { workers: next.workers, atMs: clock.monotonicMs, given: [] });
          } else if ("remove" in next) {
            registry.remove(next.remove);
            model.delete(next.remove);
          } else if ("noWork" in next) setFrom(next.noWork, clock.monotonicMs + next.inMs);
          else if ("cordon" in next) cordonUntil(next.cordon, clock.wallMs + next.inMs);
          else if ("wallJumpMs" in next) clock.wallMs += next.wallJumpMs;
          else clock.advance(next.advanceMs);

          const live = [...model].filter(([, { atMs }]) => clock.monotonicMs - atMs < STALE_AFTER_MS);
          const all = live.flatMap(([id, { workers }]) => workers.map((found) => ({ hiveId: id, worker: found })));
          const key = (found: { hiveId: string; worker: Worker }) => JSON.stringify([found.hiveId, found.worker]);
          const states: WorkerState[] = ["Idle", "Error"];
          for (const filter of [{ model: "m1" }, { state: states }, { backend: "cpu", model: "m2" }]) {
            const expected = all.filter(
              ({ worker: { modelId, state, backend } }) =>
                (filter.model ?? modelId) === modelId &&
                (filter.state?.includes(state) ?? true) &&
                (filter.backend ?? backend) === backend,
            );
            expect([...registry.workers(filter)].flat().map(key).sort()).toEqual(expected.map(key).sort());
          }
          const rankOf = ({ hiveId: id, worker: { slots, running, workerId, ...loads } }: Placed) => {
            const given = model.get(id)?.given.filter((other) => other === workerId).length ?? 0;
            const gpuPercent = loads.gpuPercent ?? 50;
            const ofGpu = Math.min(gpuPercent, 100) / 100 + given / (slots ?? 1);
            const load = running === null ? ofGpu : (running + given) / (slots ?? 256);
            const busy = model.get(id)?.workers.filter(({ state }) => state === "Busy").length ?? 0;
            const rank = [load, gpuPercent, loads.cpuPercent ?? 50, busy, workerId, id];
            return { rank, isFull: slots !== null && (running ?? 0) + given >= slots };
          };
          const backend = "beat" in next ? (next.workers[0]?.backend ?? undefined) : undefined;
          const [first] = all
            .filter(({ hiveId: id, worker: { modelId, state, healthStatus, backend: its } }) => {
              if (backend !== undefined && its !== backend) return false;
              return modelId === "m1" && state === "Idle" && healthStatus === "healthy" && takesWork(id);
            })
            .map(rankOf)
            .filter(({ isFull }) => !isFull)
            .sort((a, b) => compare(a.rank, b.rank));
          const best = registry.handOut({ model: "m1", backend });
          expect(best && rankOf(best).rank).toEqual(first?.rank);
          if (best) model.get(best.hiveId)?.given.push(best.worker.workerId);
        }
      }),
      { numRuns: 300 },
    );
  });
});

type Placed = { hiveId: string; worker: Worker };

function compare(a: (string | number)[], b: (string | number)[]): number {
  const at = a.findIndex((value, position) => value !== b[position]);
  const [left, right] = [a[at] ?? 0, b[at] ?? 0];
  return at === -1 ? 0 : left < right ? -1 : 1;
}
