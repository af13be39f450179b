import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { beatJson, workerJson } from "../../../test/test-queen.ts";
import { HeartbeatJson, readHeartbeat } from "./heartbeat.ts";

const GPU = {
  index: 0,
  uuid: "GPU-1",
  memory_total_bytes: 25_769_803_776,
  memory_used_bytes: 9_126_805_504,
  utilization_percent: 37,
  temperature_celsius: 61,
  power_watts: 231.5,
  asleep: false,
};
const HOST = { memory_total_bytes: 67_445_489_664, memory_used_bytes: 20_132_659_200, cpu_percent: 12.5 };
const MODEL = {
  model: "llama3:8b",
  bytes: 4_661_224_676,
  server: "ollama 0.33.0",
  url: null,
  port: 11_434,
  reachable: "all",
};
const WORKER = workerJson({
  server: "vllm 0.19.0",
  running: 3,
  waiting: 0,
  slots: 256,
  device_ids: [0, 1],
  port: 8000,
  reachable: "loopback",
});
const whole = () => ({
  ...beatJson("gpu-01", [workerJson({ worker_id: "worker-2" }), WORKER]),
  gpus: [GPU],
  host: HOST,
  read_at: "2025-10-21T09:59:55Z",
  models_on_disk: [MODEL],
});
type Whole = ReturnType<typeof whole> & Record<string, unknown>;

/** Each place of a beat where something may be wrong, and how to put it there. */
const PLACES: Record<string, [sound: object, put: (beat: Whole, value: object) => object]> = {
  beat: [whole(), (beat, value) => ({ ...beat, ...value })],
  worker: [WORKER, (beat, value) => ({ ...beat, workers: [beat.workers[0], { ...WORKER, ...value }] })],
  gpu: [GPU, (beat, value) => ({ ...beat, gpus: [{ ...GPU, ...value }] })],
  host: [HOST, (beat, value) => ({ ...beat, host: { ...HOST, ...value } })],
  model: [MODEL, (beat, value) => ({ ...beat, models_on_disk: [{ ...MODEL, ...value }] })],
};
const REQUIRED = ["worker_id", "state", "last_heartbeat", "health_status", "index", "model"];

const numbers = [-1, -0, 0.5, 2 ** 53, 1e308, Number.POSITIVE_INFINITY];
const texts = [
  "",
  "iDLE",
  "\ud83d",
  "-x",
  "worker-3",
  "all",
  "2025-10-21t10:00:00.5+02:00",
  "2025-02-30T10:00:00Z",
  "2025-10-21",
  "2025-10-21T10:00+0000",
];
const lengths = [128, 129, 256, 257, 2048, 2049].map((length) => "x".repeat(length));
const odd = fc.oneof(fc.constantFrom<unknown>(...numbers, ...texts, ...lengths, null, [], {}), fc.jsonValue());
const place = fc.constantFrom(
  ...Object.entries(PLACES).flatMap(([name, [sound]]) => Object.keys(sound).map((field) => ({ name, field }))),
);

describe("a heartbeat", () => {
  test("does not know a memory of 0 bytes, and says so", () => {
    const [gpu, host] = [GPU, HOST].map((reading) => ({ ...reading, memory_total_bytes: 0 }));
    const { reading, unusable } = readHeartbeat({ ...whole(), gpus: [gpu], host });
    expect(reading).toMatchObject({ gpus: [{ memoryTotalBytes: null }], host: { memoryTotalBytes: null } });
    expect(unusable.map(({ field }) => field)).toEqual(["gpus.memory_total_bytes", "host.memory_total_bytes"]);
  });

  test("is used as a whole when it is as the document says, and else without what is wrong with it, as long as it says whose it is", () => {
    fc.assert(
      fc.property(place, odd, ({ name, field }, value) => {
        const put = PLACES[name]?.[1];
        const json = put?.(whole(), { [field]: value }) as Whole;
        const isDocumented = HeartbeatJson.safeParse(json).success;
        if (field === "hive_id" || (field === "workers" && !Array.isArray(value))) {
          if (isDocumented) expect(readHeartbeat(json).hiveId).toBe(json.hive_id);
          else expect(() => readHeartbeat(json)).toThrow(`${field}: `);
          return;
        }
        const { hiveId, unusable } = readHeartbeat(json);
        expect(hiveId).toBe("gpu-01");
        expect(unusable.length === 0).toBe(isDocumented);
      }),
      { numRuns: 5000 },
    );
  });

  test("counts a field that cannot be used as unknown, and takes all the rest", () => {
    for (const [name, [sound, put]] of Object.entries(PLACES)) {
      for (const field of Object.keys(sound).filter((key) => !["hive_id", "workers", ...REQUIRED].includes(key))) {
        const value = field === "host" ? "x" : field.endsWith("bytes") ? 2 ** 64 : {};
        const read = readHeartbeat(put(whole(), { [field]: value }));
        const without = readHeartbeat(put(whole(), { [field]: null }));
        expect(
          read.unusable.map(({ part, field: of, times }) => `${part} ${of.split(".").at(-1)} ${times}`),
          name,
        ).toEqual([`field ${field} 1`]);
        expect({ ...read, unusable: [] }).toEqual({ ...without, unusable: [] });
      }
    }
  });

  test("leaves out an entry whose name, place or state cannot be used, and a second one of the same id", () => {
    const bad = { worker_id: "", state: "Dancing", last_heartbeat: "now", health_status: 1, index: -1, model: "" };
    for (const [field, value] of Object.entries(bad)) {
      const name = field === "index" ? "gpu" : field === "model" ? "model" : "worker";
      const { workers, reading, unusable } = readHeartbeat(PLACES[name]?.[1](whole(), { [field]: value }));
      expect(unusable).toMatchObject([{ part: name, times: 1 }]);
      expect(workers.length + (reading?.gpus?.length ?? 0) + (reading?.modelsOnDisk?.length ?? 0)).toBe(3);
    }
    const { workers, unusable } = readHeartbeat(beatJson("gpu-01", [workerJson(), workerJson({ state: "Busy" }), 7]));
    expect(workers).toMatchObject([{ workerId: "worker-1", state: "Idle" }]);
    expect(unusable.map(({ field }) => field)).toEqual(["workers.worker_id", "workers"]);
  });

  test("has no half of a character: a list with one could be read by many callers no more", () => {
    const worker = workerJson({ worker_id: "worker-3", model_id: "a\ud83d" });
    const { workers, unusable } = readHeartbeat(beatJson("gpu-01", [worker, workerJson({ worker_id: "\ude00" })]));
    expect(workers).toMatchObject([{ workerId: "worker-3", modelId: null }]);
    expect(unusable.map(({ field }) => field)).toEqual(["workers.model_id", "workers.worker_id"]);
  });

  test("takes the first of two GPUs of one index, and says once that there are more", () => {
    const gpus = [GPU, { ...GPU, memory_used_bytes: 1 }, { ...GPU, index: 63 }, { ...GPU, memory_used_bytes: 2 }];
    const { reading, unusable } = readHeartbeat({ ...beatJson("gpu-01"), gpus });
    expect(reading?.gpus).toMatchObject([{ memoryUsedBytes: GPU.memory_used_bytes }, { index: 63 }]);
    const problem = "must be unique among the GPUs of a heartbeat, got 0";
    expect(unusable).toEqual([{ part: "gpu", field: "gpus.index", problem, times: 2 }]);
  });

  test("says what is wrong once for a field, however many workers have it, with what arrived", () => {
    const workers = [1, 2, 3].map((n) => workerJson({ worker_id: `${n}`, vram_bytes: -n }));
    expect(readHeartbeat(beatJson("gpu-01", workers)).unusable).toEqual([
      {
        part: "field",
        field: "workers.vram_bytes",
        problem: "must be an integer from 0 to 9007199254740991, got -1",
        times: 3,
      },
    ]);
  });

  test("may have odd times, which are handed on as usual ones", () => {
    const odd = {
      ...beatJson("gpu-01", [workerJson({ last_heartbeat: "2025-10-21T12:00+0200" })]),
      timestamp: "2025-10-21T09:59:60Z",
    };
    expect(readHeartbeat(odd)).toMatchObject({
      timestampMs: Date.parse("2025-10-21T10:00:00Z"),
      workers: [{ lastHeartbeat: "2025-10-21T10:00:00.000Z" }],
      unusable: [],
    });
  });

  test("has no reading when its hive measures nothing", () => {
    expect(readHeartbeat(beatJson("gpu-01")).reading).toBeNull();
    expect(readHeartbeat({ ...beatJson("gpu-01"), gpus: null }).reading).toBeNull();
    expect(readHeartbeat({ ...beatJson("gpu-01"), gpus: [] }).reading).toMatchObject({ gpus: [], host: null });
  });
});
