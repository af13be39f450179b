import type { GpuReading, Heartbeat, Reading } from "../src/fleet/workers/heartbeat.ts";
import type { Worker } from "../src/fleet/workers/worker.ts";

/** An idle, healthy worker, except for what `overrides` say. */
export const aWorker = (overrides: Partial<Worker> = {}): Worker => ({
  workerId: "worker-1",
  state: "Idle",
  lastHeartbeat: "2025-10-21T10:00:00Z",
  healthStatus: "healthy",
  url: "http://gpu-01.example:9300",
  modelId: "llama-3-8b",
  backend: "cuda",
  deviceId: 0,
  vramBytes: 8_000_000_000,
  ramBytes: 2_000_000_000,
  cpuPercent: 15.5,
  gpuPercent: 0,
  server: null,
  running: null,
  waiting: null,
  slots: null,
  deviceIds: null,
  port: null,
  reachable: null,
  ...overrides,
});

/** The beat of a hive that measures nothing, except for what `overrides` say. */
export const aHeartbeat = (
  hiveId: string,
  workers: readonly Worker[] = [],
  overrides: Partial<Heartbeat> = {},
): Heartbeat => ({ hiveId, timestampMs: 0, workers, reading: null, unusable: [], ...overrides });

/** What a hive has measured: nothing, except for what `overrides` say. */
export const aReading = (overrides: Partial<Reading> = {}): Reading => ({
  readAtMs: null,
  gpus: null,
  host: null,
  modelsOnDisk: null,
  ...overrides,
});

/** Of a GPU of which nothing could be read, except for what `overrides` say. */
export const aGpuReading = (overrides: Partial<GpuReading> = {}): GpuReading => ({
  index: 0,
  uuid: null,
  memoryTotalBytes: null,
  memoryUsedBytes: null,
  utilizationPercent: null,
  temperatureCelsius: null,
  powerWatts: null,
  asleep: null,
  ...overrides,
});
