import { describe, expect, test } from "vitest";
import { aHeartbeat, aWorker } from "../../../test/a-worker.ts";
import {
  beatJson,
  HIVE_JSON,
  startTestQueen,
  type TestQueen,
  workerAnswer,
  workerJson,
} from "../../../test/test-queen.ts";
import { countTurns } from "../../../test/turns.ts";

const DEVICES = { cpu: { cores: 16, ram_gb: 64 }, gpus: [{ index: 0, name: "NVIDIA RTX 4090", vram_gb: 24 }] };
const GB = 2 ** 30;

/** As the workers say it. */
const memory = (total: number, used: number) => ({
  total_bytes: total,
  used_bytes: used,
  free_bytes: total - used,
  workers_bytes: used,
  measured: false,
});

async function addHive(queen: TestQueen, id: string, workers: unknown[]): Promise<void> {
  await queen.request("POST", "/v1/hives", { ...HIVE_JSON, id, devices: DEVICES });
  await queen.request("POST", "/v1/heartbeat", beatJson(id, workers, new Date(queen.clock.now() - 250).toISOString()));
}

test("lists workers by model, state and backend, with their hive", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, "a", [workerJson({ worker_id: "1" }), workerJson({ worker_id: "2", state: "Busy" })]);
  await addHive(queen, "b", [
    workerJson({ worker_id: "3", backend: "cpu" }),
    workerJson({ worker_id: "4", model_id: "phi-3" }),
  ]);
  const list = async (query: string) => {
    const { status, body } = await queen.request("GET", `/v1/workers${query}`);
    expect(status).toBe(200);
    return (body as { workers: { worker_id: string }[] }).workers;
  };
  const ids = async (query: string) =>
    (await list(query))
      .map(({ worker_id }) => worker_id)
      .sort()
      .join();

  expect(await list("?model=phi-3")).toEqual([
    { hive_id: "b", ...workerAnswer({ worker_id: "4", model_id: "phi-3" }) },
  ]);
  expect(await ids("")).toBe("1,2,3,4");
  expect(await ids("?model=llama-3-8b&state=idle&backend=cuda")).toBe("1");
  expect(await ids("?state=BUSY")).toBe("2");
  expect(await ids("?state=Busy,shutdown")).toBe("2");
  expect(await ids("?state=idle&state=busy&model=llama-3-8b&backend=cuda")).toBe("1,2");
  expect(await ids("?backend=cpu")).toBe("3");
  expect(await ids("?model=none")).toBe("");
  queen.clock.advance(60_000);
  expect(await ids("")).toBe("");
});

test("lists the workers of a whole fleet while other work gets its turns", async () => {
  await using queen = await startTestQueen();
  const [hives, workersOfEach] = [20, 250];
  for (let n = 0; n < hives; n++) {
    const workers = Array.from({ length: workersOfEach }, (_, w) => aWorker({ workerId: `${n}-${w}` }));
    const hiveId = `hive-${n}`;
    await queen.catalog.addHive({ ...HIVE_JSON, id: hiveId });
    await queen.fleet.beat(aHeartbeat(hiveId, workers), "127.0.0.1", queen.clock.now(), 0);
  }
  const { result, turns } = await countTurns(() => queen.request("GET", "/v1/workers"));
  expect(result.status).toBe(200);
  const ids = (result.body as { workers: { worker_id: string }[] }).workers.map(({ worker_id }) => worker_id);
  expect(ids).toHaveLength(hives * workersOfEach);
  expect(new Set(ids).size).toBe(hives * workersOfEach);
  expect(turns).toBeGreaterThanOrEqual(hives);
});

test("names the best worker for a model, or says that there is none", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, "a", [workerJson({ worker_id: "loaded", gpu_percent: 90 })]);
  await addHive(queen, "b", [workerJson({ worker_id: "free", gpu_percent: 1 })]);
  const best = () => queen.request("GET", "/v1/workers/best?model=llama-3-8b");
  expect(await best()).toMatchObject({ status: 200, body: { hive_id: "b", worker_id: "free", gpu_percent: 1 } });

  await queen.request("PATCH", "/v1/hives/b", { status: "offline" });
  expect(await best()).toMatchObject({ status: 200, body: { hive_id: "a", worker_id: "loaded" } });
  await queen.request("DELETE", "/v1/hives/a");
  expect(await best()).toMatchObject({
    status: 404,
    body: { code: "NO_WORKER", detail: expect.stringContaining('"llama-3-8b"') },
  });
});

describe("when there is no worker, the answer says why", () => {
  const refusal = async (queen: TestQueen, model = "llama-3-8b") => {
    const { status, body } = await queen.request("GET", `/v1/workers/best?model=${model}`);
    expect({ status, body }).toMatchObject({ status: 404, body: { code: "NO_WORKER" } });
    return body as { detail: string; hives: Record<string, number> };
  };
  const NONE = {
    serving: 0,
    offline: 0,
    cordoned: 0,
    on_probation: 0,
    of_another_backend: 0,
    without_idle_worker: 0,
    out_of_reach: 0,
    without_memory: 0,
  };

  test("no hive serves that model, and which models there are", async () => {
    await using queen = await startTestQueen();
    expect(await refusal(queen)).toMatchObject({
      detail:
        'No hive has a worker for the model "llama-3-8b"; no model has one yet: the queen has only just begun to listen, and hives tell of theirs with their next heartbeat',
      hives: NONE,
    });
    queen.clock.advance(3_600_000);
    expect(await refusal(queen)).toMatchObject({
      detail: 'No hive has a worker for the model "llama-3-8b"; no model has one',
      hives: NONE,
    });
    await addHive(queen, "a", [workerJson({ worker_id: "1", model_id: null })]);
    await addHive(queen, "b", [workerJson({ model_id: "phi-3" }), workerJson({ worker_id: "2", model_id: "gemma" })]);
    expect(await refusal(queen)).toMatchObject({
      detail: 'No hive has a worker for the model "llama-3-8b"; there are some for "gemma", "phi-3"',
      hives: NONE,
    });
    const many = Array.from({ length: 11 }, (_, n) => workerJson({ worker_id: `${n}`, model_id: `model-${n}` }));
    await addHive(queen, "c", many);
    expect((await refusal(queen)).detail.match(/"/g)).toHaveLength(2 + 2 * 10);
  });

  test("each hive that serves it is counted by what keeps it from work", async () => {
    await using queen = await startTestQueen();
    await addHive(queen, "silent", [workerJson()]);
    queen.clock.advance(60_000);
    await addHive(queen, "busy", [workerJson({ state: "Busy" })]);
    await addHive(queen, "ill", [workerJson({ health_status: "degraded" })]);
    await addHive(queen, "alone", [workerJson({ url: "ftp://10.0.0.1" })]);
    await addHive(queen, "offline", [workerJson()]);
    await queen.request("PATCH", "/v1/hives/offline", { status: "offline" });
    await addHive(queen, "cordoned", [workerJson()]);
    await queen.request("POST", "/v1/hives/cordoned/cordon", { reason: "new fans" });
    const found = await refusal(queen);
    expect(found.hives).toEqual({
      ...NONE,
      serving: 6,
      offline: 2,
      cordoned: 1,
      without_idle_worker: 2,
      out_of_reach: 1,
    });
    expect(found.detail).toBe(
      'No worker for the model "llama-3-8b" is free: of 6 hives that have one, 2 offline, 1 cordoned, 2 without an idle, healthy one with room, 1 where only its own host reaches one, or its url is none',
    );
  });
});

test("shows the state of a hive: its workers, what they use and leave, its skew and the age of its beat", async () => {
  await using queen = await startTestQueen();
  const worker = workerJson({ vram_bytes: 8 * GB, ram_bytes: 2 * GB });
  await addHive(queen, "a", [worker]);
  queen.clock.advance(1500);
  const expected = {
    hive_id: "a",
    status: "online",
    live: true,
    contactable: true,
    unreachable_since_ms: null,
    takes_work: true,
    why_not: null,
    cordon: null,
    last_beat_age_ms: 1500,
    skew_ms: -250,
    workers: [workerAnswer(worker)],
    ram: memory(64 * GB, 2 * GB),
    vram: memory(24 * GB, 8 * GB),
    cpu_percent: null,
    read_age_ms: null,
    gpus: [
      {
        index: 0,
        name: "NVIDIA RTX 4090",
        unified: false,
        ...memory(24 * GB, 8 * GB),
        utilization_percent: null,
        temperature_celsius: null,
        power_watts: null,
        asleep: null,
      },
    ],
    models_on_disk: [],
  };
  const { status, body } = await queen.request("GET", "/v1/hives/a/state");
  expect({ status, body }).toEqual({ status: 200, body: expected });

  queen.clock.advance(58_500);
  const later = await queen.request("GET", "/v1/hives/a/state");
  expect(later.body).toEqual({
    ...{ ...expected, live: false, last_beat_age_ms: 60_000 },
    ...{ takes_work: false, why_not: "this queen hears no heartbeat of it, and knows no worker there" },
  });
});

test("shows what a hive has measured beside what its workers say, until that is stale", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, "a", []);
  const worker = workerJson({ url: null, port: 9000, reachable: "all", vram_bytes: 8 * GB, ram_bytes: 2 * GB });
  const beat = {
    ...beatJson("a", [worker], "2025-10-21T10:00:05Z"),
    gpus: [
      { index: 0, memory_total_bytes: 25 * GB, memory_used_bytes: 20 * GB, utilization_percent: 37, asleep: false },
    ],
    host: { memory_used_bytes: 40 * GB, cpu_percent: 12.5 },
    read_at: "2025-10-21T10:00:00Z",
    models_on_disk: [{ model: "qwen3", bytes: 5, server: "ollama 0.33.0", port: 11_434, reachable: "loopback" }],
  };
  await queen.request("POST", "/v1/heartbeat", beat);
  queen.clock.advance(1500);
  const state = () => queen.request("GET", "/v1/hives/a/state");
  expect(await state()).toMatchObject({
    body: {
      workers: [{ url: "http://127.0.0.1:9000" }],
      ram: { total_bytes: 64 * GB, used_bytes: 40 * GB, free_bytes: 24 * GB, workers_bytes: 2 * GB, measured: true },
      vram: { total_bytes: 25 * GB, used_bytes: 20 * GB, free_bytes: 5 * GB, workers_bytes: 8 * GB, measured: true },
      cpu_percent: 12.5,
      read_age_ms: 6500,
      gpus: [{ name: "NVIDIA RTX 4090", used_bytes: 20 * GB, workers_bytes: 8 * GB, utilization_percent: 37 }],
      models_on_disk: [{ model: "qwen3", bytes: 5, server: "ollama 0.33.0", url: "http://127.0.0.1:11434" }],
    },
  });
  queen.clock.advance(53_500);
  expect(await state()).toMatchObject({
    body: {
      live: true,
      read_age_ms: 60_000,
      vram: { total_bytes: 24 * GB, used_bytes: 8 * GB, measured: false },
      gpus: [{ utilization_percent: null }],
      models_on_disk: [],
    },
  });
});

test("shows a hive that never beat and may not be contacted", async () => {
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", { ...HIVE_JSON, host: "10.0.1.100" });
  const unknown = { total_bytes: null, used_bytes: null, free_bytes: null, workers_bytes: null, measured: false };
  const { body } = await queen.request("GET", "/v1/hives/hive-a/state");
  expect(body).toEqual({
    hive_id: "hive-a",
    status: "unknown",
    live: false,
    contactable: false,
    unreachable_since_ms: null,
    takes_work: false,
    why_not: "it is unknown: it was not probed yet",
    cordon: null,
    last_beat_age_ms: null,
    skew_ms: null,
    workers: [],
    ram: unknown,
    vram: unknown,
    cpu_percent: null,
    read_age_ms: null,
    gpus: [],
    models_on_disk: [],
  });
});

test("shows a name as not contactable once a probe found where it leads", async () => {
  await using queen = await startTestQueen({ resolve: async () => [{ address: "10.0.0.9", family: 4 }] });
  await queen.request("POST", "/v1/hives", { ...HIVE_JSON, host: "gpu.example.com" });
  await queen.watch.runRound();
  expect(await queen.request("GET", "/v1/hives/hive-a/state")).toMatchObject({
    body: { contactable: false, status: "unknown" },
  });
});

test("has no state of a hive that is not in the catalog", async () => {
  await using queen = await startTestQueen();
  expect(await queen.request("GET", "/v1/hives/nobody/state")).toMatchObject({
    status: 404,
    body: { code: "HIVE_NOT_FOUND" },
  });
});
