import type { Worker } from "../src/fleet/workers/worker.ts";

/** An idle, healthy worker, except for what `overrides` say. */
export const aWorker = (overrides: Partial<Worker> = {}): Worker => ({
  workerId: "worker-1",
  state: "Idle",
  lastHeartbeat: "2025-10-21T10:00:00Z",
  healthStatus: "healthy",
  url: "http://localhost:9300",
  modelId: "llama-3-8b",
  backend: "cuda",
  deviceId: 0,
  vramBytes: 8_000_000_000,
  ramBytes: 2_000_000_000,
  cpuPercent: 15.5,
  gpuPercent: 0,
  ...overrides,
});
