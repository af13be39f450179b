import { performance } from "node:perf_hooks";
import { absolute, type Benchmark, hiveId, p99, worstOf } from "@repo/bench";
import { HiveRegistry } from "../src/fleet/workers/registry.ts";
import { WORKER_STATES, type Worker } from "../src/fleet/workers/worker.ts";
import { systemClock } from "../src/process/clock.ts";

const POINT = 5;
const HIVES = 10_000;
const WORKERS = 8;
/** So that a model has some 400 workers. */
const MODELS = 200;
const BEATS_BETWEEN_QUERIES = 5;
/** What else the machine does for a moment is in one of them. */
const RUNS = 5;

export const registry: Benchmark = {
  name: "registry",
  async run({ quick, progress }) {
    progress(`registry of ${HIVES} hives with ${WORKERS} workers each`);
    const clock = systemClock;
    const newRegistry = (modelCount: number, cordoned: ReadonlySet<string>) => {
      const full = new HiveRegistry({
        clock,
        staleAfterMs: 3_600_000,
        circumstancesOf: (id) => ({
          takesWorkFromMs: 0,
          cordonedUntilMs: cordoned.has(id) ? Number.POSITIVE_INFINITY : 0,
          host: "10.0.1.17",
          unified: undefined,
        }),
      });
      const beat = (hive: number, beats: number) => {
        const isIdle = cordoned.has(hiveId(hive));
        const workers = isIdle ? idleWorkersOf(modelCount) : workersOf(hive, beats, modelCount);
        full.update({ hiveId: hiveId(hive), timestampMs: 0, workers, reading: null, unusable: [] }, 0);
      };
      for (let hive = 0; hive < HIVES; hive++) beat(hive, 0);
      return { full, beat };
    };
    const { full, beat } = newRegistry(MODELS, new Set());
    const evenHives = new Set(Array.from({ length: HIVES / 2 }, (_, n) => hiveId(2 * n)));
    const drained = newRegistry(1, evenHives);

    let beats = 0;
    /** Beats come in between, as they do in a queen; their own time is not counted. */
    const p99Of = (query: (model: string) => unknown, beatOf: typeof beat) => {
      const tookMs: number[] = [];
      for (let n = 0; n < (quick ? 1000 : 4000); n++) {
        for (let beat = 0; beat < BEATS_BETWEEN_QUERIES; beat++, beats++) beatOf((beats * 7919) % HIVES, beats);
        const startedMs = performance.now();
        query(`model-${(n * 31) % MODELS}`);
        tookMs.push(performance.now() - startedMs);
      }
      return p99(tookMs);
    };
    const measured = (query: (model: string) => unknown, beatOf = beat) => {
      const ours = Array.from({ length: RUNS }, () => p99Of(query, beatOf));
      return { ours, note: worstOf(ours) };
    };
    const row = { point: POINT, unit: "ms", limit: { atMost: 1 } } as const;
    const of = `${HIVES} hives × ${WORKERS} workers`;
    return [
      absolute({
        ...row,
        what: `best worker for a model, p99, ${of}`,
        meaning: "Where to send the next piece of work.",
        ...measured((model) => full.handOut({ model })),
      }),
      absolute({
        ...row,
        what: `best worker for the only model, half of the hives cordoned, p99, ${of}`,
        meaning:
          "The same where every worker serves one model, and where the hives that take no work are idle: they would be the best.",
        ...measured(() => drained.full.handOut({ model: "model-0" }), drained.beat),
      }),
      absolute({
        ...row,
        what: `best worker for the only model and a backend that none has, p99, ${of}`,
        meaning: "Found out from what is kept ready of each hive, and not by a look at each worker.",
        ...measured(() => drained.full.handOut({ model: "model-0", backend: "none" }), drained.beat),
      }),
      absolute({
        ...row,
        what: `workers of a model, p99, ${of}`,
        meaning: `All of the ${(HIVES * WORKERS) / MODELS} workers that serve one model.`,
        ...measured((model) => [...full.workers({ model })]),
      }),
    ];
  },
};

/** States and loads change from beat to beat. */
function workersOf(hive: number, beat: number, modelCount: number): Worker[] {
  return Array.from({ length: WORKERS }, (_, n) => {
    const seed = hive * WORKERS + n;
    return aWorker(n, {
      state: WORKER_STATES[(seed + (beat >> 3)) % WORKER_STATES.length] ?? "Idle",
      modelId: `model-${(seed * 7) % modelCount}`,
      cpuPercent: (seed * 13 + beat) % 100,
      gpuPercent: (seed * 29 + beat * 3) % 100,
    });
  });
}

function idleWorkersOf(modelCount: number): Worker[] {
  return Array.from({ length: WORKERS }, (_, n) => aWorker(n, { modelId: `model-${n % modelCount}` }));
}

/** Idle, except for what `load` says. */
const aWorker = (n: number, load: Partial<Worker>): Worker => ({
  workerId: `worker-${n}`,
  state: "Idle",
  lastHeartbeat: "2025-10-21T10:00:00Z",
  healthStatus: "healthy",
  url: null,
  modelId: null,
  backend: "cuda",
  deviceId: n,
  vramBytes: null,
  ramBytes: null,
  cpuPercent: 0,
  gpuPercent: 0,
  server: null,
  running: null,
  waiting: null,
  slots: null,
  deviceIds: null,
  port: null,
  reachable: null,
  ...load,
});
