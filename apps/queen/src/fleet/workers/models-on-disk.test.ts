import { expect, test } from "vitest";
import { newRegistry, STALE_AFTER_MS } from "../../../test/a-registry.ts";
import { aGpuReading, aHeartbeat, aReading, aWorker } from "../../../test/a-worker.ts";
import type { ModelOnDisk, Reading } from "./heartbeat.ts";
import type { Worker } from "./worker.ts";

const GB = 2 ** 30;
const onDisk = (overrides: Partial<ModelOnDisk> = {}): ModelOnDisk => ({
  modelId: "qwen3",
  bytes: 5 * GB,
  server: "ollama 0.33.0",
  url: null,
  port: 11_434,
  reachable: "all",
  ...overrides,
});
const freeGpu = (freeGb: number, index = 0) =>
  aGpuReading({ index, memoryTotalBytes: 24 * GB, memoryUsedBytes: (24 - freeGb) * GB });

function newFleet() {
  const parts = newRegistry();
  const { registry, clock } = parts;
  const beat = (hiveId: string, reading: Partial<Reading>, workers: Worker[] = []) => {
    const read = aReading({ modelsOnDisk: [onDisk()], readAtMs: clock.now(), ...reading });
    return registry.update(aHeartbeat(hiveId, workers, { reading: read, timestampMs: clock.now() }), 0);
  };
  const cold = (minFreeGb?: number) => {
    const minFreeVramBytes = minFreeGb === undefined ? undefined : minFreeGb * GB;
    return registry.handOutCold({ model: "qwen3", minFreeVramBytes })?.hiveId;
  };
  return { ...parts, beat, cold };
}

test("a model is loaded where it is on disk and the memory is free, as it was measured", () => {
  const { beat, cold, registry } = newFleet();
  beat("full", { gpus: [freeGpu(4)] });
  beat("unmeasured", {});
  beat("another", { gpus: [freeGpu(20)], modelsOnDisk: [onDisk({ modelId: "phi-3" })] });
  expect(cold()).toBeUndefined();
  beat("free", { gpus: [freeGpu(6), freeGpu(1, 1)] });
  expect(registry.handOutCold({ model: "qwen3" })).toEqual({
    hiveId: "free",
    model: onDisk(),
    url: "http://10.0.0.7:11434",
  });
});

test("what a hive was sent to load takes its memory, until it was read again", () => {
  const { beat, cold, clock } = newFleet();
  beat("a", { gpus: [freeGpu(12)] });
  expect([cold(), cold(), cold()]).toEqual(["a", "a", undefined]);
  clock.advance(5000);
  beat("a", { gpus: [freeGpu(12)], readAtMs: clock.now() - 5001 });
  expect(cold()).toBeUndefined();
  beat("a", { gpus: [freeGpu(7)] });
  expect([cold(), cold()]).toEqual(["a", undefined]);
});

test("models are loaded on the hives by turns, where most is free first", () => {
  const { beat, cold } = newFleet();
  beat("a", { gpus: [freeGpu(12)] });
  beat("b", { gpus: [freeGpu(18)] });
  expect([cold(), cold(), cold(), cold()]).toEqual(["b", "a", "b", "a"]);
});

test("on a host without a GPU a model goes into RAM, unless VRAM was asked for, and on none whose GPUs could not be read", () => {
  const { beat, cold } = newFleet();
  const host = { memoryTotalBytes: 16 * GB, memoryUsedBytes: 8 * GB, cpuPercent: null };
  beat("cpu", { gpus: [], host });
  beat("unread", { gpus: [aGpuReading()], host: { ...host, memoryUsedBytes: 0 } });
  beat("silent", { gpus: null, host: { ...host, memoryUsedBytes: 0 } });
  expect(cold(1)).toBeUndefined();
  expect([cold(), cold()]).toEqual(["cpu", undefined]);
});

test("so much VRAM must be free as was asked for, if that is more than the model takes", () => {
  const { beat, cold } = newFleet();
  beat("a", { gpus: [freeGpu(8)] });
  expect(cold(9)).toBeUndefined();
  expect(cold(8)).toBe("a");
});

test("a model of unknown size is loaded where most is free", () => {
  const { beat, cold } = newFleet();
  for (const [id, freeGb] of [["a", 1] as const, ["b", 2] as const]) {
    beat(id, { gpus: [freeGpu(freeGb)], modelsOnDisk: [onDisk({ bytes: null })] });
  }
  expect(cold()).toBe("b");
});

test("no model is loaded where one of its workers runs, where nobody reaches it, on a hive that takes no work, or that was read too long ago", () => {
  const { beat, cold, clock, setFrom } = newFleet();
  const gpus = [freeGpu(20)];
  beat("serves", { gpus }, [aWorker({ modelId: "qwen3", state: "Busy" })]);
  beat("bound", { gpus, modelsOnDisk: [onDisk({ reachable: "loopback" })] });
  beat("rests", { gpus });
  setFrom("rests", Number.POSITIVE_INFINITY);
  beat("old", { gpus, readAtMs: clock.now() - STALE_AFTER_MS });
  expect(cold()).toBeUndefined();
  setFrom("rests", 0);
  expect(cold()).toBe("rests");
});

test("a hive whose disk, beats or place in the catalog has changed is found as it is now", () => {
  const { beat, cold, clock, registry } = newFleet();
  const gpus = [freeGpu(20)];
  beat("a", { gpus });
  beat("a", { gpus, modelsOnDisk: [onDisk({ modelId: "phi-3" })] });
  expect(cold()).toBeUndefined();
  beat("a", { gpus, modelsOnDisk: [onDisk({ modelId: "phi-3" }), onDisk(), onDisk()] });
  expect(cold()).toBe("a");
  registry.remove("a");
  expect(cold()).toBeUndefined();
  expect([...registry.models()].flat()).toEqual([]);
  beat("b", { gpus });
  clock.advance(STALE_AFTER_MS);
  expect(cold()).toBeUndefined();
});

test("each model is known with its workers by state and the hives that have it on disk, while they are live", () => {
  const { beat, clock, registry } = newFleet();
  const busy = aWorker({ modelId: "qwen3", state: "Busy" });
  const none = { Idle: 0, Busy: 0, Loading: 0, Error: 0, Shutdown: 0 };
  beat("stale", { modelsOnDisk: [onDisk({ modelId: "gone" })] }, [aWorker({ modelId: "gone too" })]);
  clock.advance(STALE_AFTER_MS);
  beat("a", {}, [busy, aWorker({ workerId: "2", modelId: "qwen3" }), aWorker({ workerId: "3", modelId: null })]);
  beat("b", { modelsOnDisk: [onDisk(), onDisk({ modelId: "phi-3" })] });
  expect([...registry.models()].flat()).toEqual([
    { model: "qwen3", workers: { ...none, Idle: 1, Busy: 1 }, idleKept: 0, onDisk: 2 },
    { model: "phi-3", workers: none, idleKept: 0, onDisk: 1 },
  ]);
});
