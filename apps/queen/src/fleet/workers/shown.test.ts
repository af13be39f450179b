import { expect, test } from "vitest";
import { aGpuReading, aReading, aWorker } from "../../../test/a-worker.ts";
import type { HostReading, Shown } from "./heartbeat.ts";
import { showSame } from "./shown.ts";

const HOST: HostReading = { memoryTotalBytes: 64, memoryUsedBytes: 32, cpuPercent: 1 };
const ofWorker = (fields: object): Shown => ({ workers: [aWorker(fields)], reading: null });
const ofGpu = (fields: object): Shown => ({ workers: [], reading: aReading({ gpus: [aGpuReading(fields)] }) });
const ofHost = (fields: object): Shown => ({ workers: [], reading: aReading({ host: { ...HOST, ...fields } }) });

test.each<[of: (fields: object) => Shown, fields: object]>([
  [ofWorker, { state: "Busy" }],
  [ofWorker, { modelId: "other" }],
  [ofWorker, { healthStatus: "sick" }],
  [ofWorker, { vramBytes: 1 }],
  [ofWorker, { ramBytes: 1 }],
  [ofWorker, { running: 1 }],
  [ofWorker, { slots: 1 }],
  [ofWorker, { url: null }],
  [ofWorker, { port: 1 }],
  [ofWorker, { reachable: "all" }],
  [ofWorker, { deviceId: 1 }],
  [ofWorker, { deviceIds: [0] }],
  [ofGpu, { index: 1 }],
  [ofGpu, { uuid: "GPU-1" }],
  [ofGpu, { memoryTotalBytes: 1 }],
  [ofGpu, { memoryUsedBytes: 1 }],
  [ofGpu, { utilizationPercent: 1 }],
  [ofHost, { memoryTotalBytes: 1 }],
  [ofHost, { memoryUsedBytes: 1 }],
])("what a row shows is other with another field: %o %j", (of, fields) => {
  expect(showSame(of({}), of({}))).toBe(true);
  expect(showSame(of({}), of(fields))).toBe(false);
});

test("a worker more or less shows, and so does a reading, but not what no row has", () => {
  const [none, one]: Shown[] = [{ workers: [], reading: null }, ofWorker({})];
  for (const [before, after] of [
    [none, one],
    [one, none],
    [none, { workers: [], reading: aReading() }],
  ] as const) {
    expect(showSame(before as Shown, after as Shown)).toBe(false);
  }
  expect(showSame(ofWorker({}), ofWorker({ lastHeartbeat: "2025-10-21T10:00:15Z", gpuPercent: 9 }))).toBe(true);
});
