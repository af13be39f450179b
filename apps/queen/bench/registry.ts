import { performance } from "node:perf_hooks";
import { absolute, type Benchmark, hiveId, percentile } from "@repo/hive-catalog/bench";
import { HiveRegistry } from "../src/registry.ts";
import { WORKER_STATES, type Worker } from "../src/worker.ts";

const POINT = 5;
const HIVES = 10_000;
const WORKERS = 8;
/** So that a model has some 400 workers. */
const MODELS = 200;
const BEATS_BETWEEN_QUERIES = 5;

export const registry: Benchmark = {
  name: "registry",
  async run({ quick, progress }) {
    progress(`registry of ${HIVES} hives with ${WORKERS} workers each`);
    const clock = { now: () => Date.now(), monotonicNow: () => performance.now(), uptimeNow: () => performance.now() };
    const full = new HiveRegistry({ clock, staleAfterMs: 3_600_000, takesWork: () => true });
    for (let hive = 0; hive < HIVES; hive++) full.update(hiveId(hive), workersOf(hive, 0), 0);

    let beats = 0;
    /** Beats come in between, as they do in a queen; their own time is not counted. */
    const p99Of = (query: (model: string) => unknown) => {
      const tookMs: number[] = [];
      for (let n = 0; n < (quick ? 5000 : 20_000); n++) {
        for (let beat = 0; beat < BEATS_BETWEEN_QUERIES; beat++, beats++) {
          const hive = (beats * 7919) % HIVES;
          full.update(hiveId(hive), workersOf(hive, beats), 0);
        }
        const startedMs = performance.now();
        query(`model-${(n * 31) % MODELS}`);
        tookMs.push(performance.now() - startedMs);
      }
      return percentile(
        tookMs.toSorted((a, b) => a - b),
        0.99,
      );
    };
    const row = { point: POINT, unit: "ms", limit: { atMost: 1 } } as const;
    const of = `${HIVES} hives × ${WORKERS} workers`;
    return [
      absolute({
        ...row,
        what: `best worker for a model, p99, ${of}`,
        meaning: "Where to send the next piece of work.",
        ours: [p99Of((model) => full.bestWorker(model))],
      }),
      absolute({
        ...row,
        what: `workers of a model, p99, ${of}`,
        meaning: `All of the ${(HIVES * WORKERS) / MODELS} workers that serve one model.`,
        ours: [p99Of((model) => full.workers({ model }))],
      }),
    ];
  },
};

/** States and loads change from beat to beat. */
function workersOf(hive: number, beat: number): Worker[] {
  return Array.from({ length: WORKERS }, (_, n) => {
    const seed = hive * WORKERS + n;
    return {
      workerId: `worker-${n}`,
      state: WORKER_STATES[(seed + (beat >> 3)) % WORKER_STATES.length] ?? "Idle",
      lastHeartbeat: "2025-10-21T10:00:00Z",
      healthStatus: "healthy",
      url: null,
      modelId: `model-${(seed * 7) % MODELS}`,
      backend: "cuda",
      deviceId: n,
      vramBytes: null,
      ramBytes: null,
      cpuPercent: (seed * 13 + beat) % 100,
      gpuPercent: (seed * 29 + beat * 3) % 100,
    };
  });
}
