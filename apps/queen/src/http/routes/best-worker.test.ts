import { expect, test } from "vitest";
import { beatJson, HIVE_JSON, startTestQueen, type TestQueen, workerJson } from "../../../test/test-queen.ts";
import { countTurns } from "../../../test/turns.ts";

const GB = 2 ** 30;
const GPU = { index: 0, memory_total_bytes: 24 * GB, memory_used_bytes: 4 * GB };

async function addHive(queen: TestQueen, id: string, beat: Record<string, unknown>, host = "127.0.0.1") {
  await queen.request("POST", "/v1/hives", { ...HIVE_JSON, id, host });
  await queen.request("POST", "/v1/heartbeat", { ...beatJson(id), ...beat });
}

const CLAIM = { model: "llama-3-8b", hold_ms: 5000 };
const best = (queen: TestQueen, query = "") => queen.request("GET", `/v1/workers/best?model=llama-3-8b${query}`);

test("20 callers get both of two idle workers, ten times each", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, "a", { workers: [workerJson()] });
  await addHive(queen, "b", { workers: [workerJson({ gpu_percent: 90 })] });
  const answers = await Promise.all(Array.from({ length: 20 }, () => best(queen)));
  const hives = answers.map(({ body }) => (body as { hive_id: string }).hive_id);
  expect(hives.filter((id) => id === "a")).toHaveLength(10);
  expect(hives.filter((id) => id === "b")).toHaveLength(10);
});

test("is no answer to HEAD, which would take a slot and tell nobody of it", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, "a", { workers: [workerJson({ slots: 1, running: 0 })] });
  const head = { method: "HEAD", url: "/v1/workers/best?model=llama-3-8b" } as const;
  const { statusCode, headers } = await queen.app.inject(head);
  expect([statusCode, headers.allow]).toEqual([405, "GET"]);
  expect(await best(queen)).toMatchObject({ status: 200 });
});

test("a hive that was cordoned before the queen came gets no work, and promises none, however soon somebody asks", async () => {
  for (const ask of [best, (queen: TestQueen) => queen.request("POST", "/v1/workers/claims", CLAIM)]) {
    await using queen = await startTestQueen();
    await addHive(queen, "a", { workers: [workerJson()] });
    await queen.catalog.cordons.set("a", { reason: "fans", untilMs: null });
    expect(await ask(queen)).toMatchObject({ status: 404, body: { hives: { cordoned: 1 } } });
  }
});

test("a hive that was cordoned gets no work from then on, and some again as soon as its cordon is lifted", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, "a", { workers: [workerJson({ slots: 2, running: 0 })] });
  await queen.request("POST", "/v1/hives/a/cordon", { reason: "fans" });
  expect(await best(queen)).toMatchObject({ status: 404, body: { hives: { cordoned: 1 } } });
  await queen.request("POST", "/v1/hives/a/uncordon");
  expect(await best(queen)).toMatchObject({ status: 200, body: { hive_id: "a" } });
});

test("a worker is handed out at the new address of its hive, once a round finds what another program wrote", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, "a", { workers: [workerJson({ url: "http://0.0.0.0:9300" })] });
  expect(await best(queen)).toMatchObject({ body: { url: "http://127.0.0.1:9300" } });
  await queen.catalog.patchHive("a", { host: "127.0.0.2" });
  await queen.watch.runRound();
  expect(await best(queen)).toMatchObject({ body: { url: "http://127.0.0.2:9300" } });
});

test("filters by backend and by the VRAM that is free", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, "measured", { workers: [workerJson({ gpu_percent: 90 })], gpus: [GPU] });
  await addHive(queen, "rocm", { workers: [workerJson({ backend: "rocm" })] });
  expect(await best(queen, "&backend=cuda")).toMatchObject({ body: { hive_id: "measured" } });
  expect(await best(queen, "&min_free_vram_gb=20")).toMatchObject({ body: { hive_id: "measured" } });
  expect(await best(queen, "&min_free_vram_gb=20.5")).toMatchObject({ status: 404, body: { code: "NO_WORKER" } });
  expect(await best(queen, "&min_free_vram_gb=much")).toMatchObject({ status: 400 });
});

test("a GPU without memory of its own has what is free of its host's, also when the catalog says so later", async () => {
  await using queen = await startTestQueen();
  const beat = {
    workers: [workerJson({ vram_bytes: null })],
    gpus: [{ index: 0, utilization_percent: 5 }],
    host: { memory_total_bytes: 120 * GB, memory_used_bytes: 32 * GB },
    models_on_disk: [{ model: "phi-3", bytes: 20 * GB, port: 11_434, reachable: "all" }],
  };
  await addHive(queen, "gb10", beat);
  const cold = "/v1/workers/best?model=phi-3&cold=true&min_free_vram_gb=60";
  expect(await best(queen, "&min_free_vram_gb=88")).toMatchObject({ status: 404 });
  expect(await queen.request("GET", cold)).toMatchObject({ status: 404 });
  const devices = {
    cpu: { cores: 20, ram_gb: 119 },
    gpus: [{ index: 0, name: "NVIDIA GB10", vram_gb: null, unified: true }],
  };
  await queen.request("PATCH", "/v1/hives/gb10", { devices });
  expect(await best(queen, "&min_free_vram_gb=88")).toMatchObject({ status: 200 });
  expect(await best(queen, "&min_free_vram_gb=88.5")).toMatchObject({ status: 404 });
  expect(await queen.request("GET", cold)).toMatchObject({ status: 200, body: { hive_id: "gb10", cold: true } });
  const memory = { total_bytes: 120 * GB, used_bytes: 32 * GB, free_bytes: 88 * GB, measured: true };
  expect(await queen.request("GET", "/v1/hives/gb10/state")).toMatchObject({
    body: { ram: memory, vram: memory, gpus: [{ unified: true, utilization_percent: 5, ...memory }] },
  });
});

test("a model without a tag is the latest, as Ollama has it, where nothing is named just so", async () => {
  await using queen = await startTestQueen();
  const ask = (model: string) => queen.request("GET", `/v1/workers/best?model=${model}&cold=true`);
  const models_on_disk = [{ model: "phi:latest", bytes: GB, port: 11_434, reachable: "all" }];
  const names = ["gemma:2b", "gemma:latest", "qwen:latest"];
  const workers = names.map((model_id, at) => workerJson({ worker_id: `worker-${at}`, model_id }));
  await addHive(queen, "a", { workers, models_on_disk, gpus: [GPU] });
  expect(await ask("gemma")).toMatchObject({ body: { model_id: "gemma:latest" } });
  expect(await ask("phi")).toMatchObject({ body: { cold: true, model_id: "phi:latest" } });
  expect(await queen.request("POST", "/v1/workers/claims", { model: "qwen", hold_ms: 1000 })).toMatchObject({
    body: { worker: { model_id: "qwen:latest" } },
  });
  await addHive(queen, "b", { workers: [workerJson({ model_id: "gemma" })] });
  expect(await ask("gemma")).toMatchObject({ body: { hive_id: "b" } });
  for (const other of ["gem", "gemma:2", "gemma:latest:latest"])
    expect(await ask(other)).toMatchObject({ status: 404 });
});

test("says of how many hives the backend is another, or the memory too little", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, "a", { workers: [workerJson()], gpus: [GPU] });
  await addHive(queen, "b", { workers: [workerJson({ backend: "rocm", state: "Busy" })] });
  const none = { offline: 0, cordoned: 0, on_probation: 0 };
  expect(await best(queen, "&backend=rocm")).toMatchObject({
    body: { hives: { ...none, of_another_backend: 1, without_idle_worker: 1, without_memory: 0 } },
  });
  expect(await best(queen, "&backend=cuda&min_free_vram_gb=21")).toMatchObject({
    body: {
      detail: expect.stringContaining("1 of another backend, 1 without the free memory"),
      hives: { ...none, of_another_backend: 1, without_idle_worker: 0, without_memory: 1 },
    },
  });
});

test("makes the url of a worker from the host that the catalog has now", async () => {
  await using queen = await startTestQueen();
  const worker = workerJson({ url: null, port: 8000, reachable: "all" });
  await addHive(queen, "a", { workers: [worker] }, "10.0.0.7");
  expect(await best(queen)).toMatchObject({ body: { url: "http://10.0.0.7:8000", port: 8000, reachable: "all" } });
  await queen.request("PATCH", "/v1/hives/a", { host: "fd00::7" });
  expect(await best(queen)).toMatchObject({ body: { url: "http://[fd00::7]:8000" } });
  expect(await queen.request("GET", "/v1/hives/a/state")).toMatchObject({
    body: { workers: [{ url: "http://[fd00::7]:8000" }] },
  });
});

test("hands out no worker that only its own host reaches, until its hive is known to be on loopback", async () => {
  await using queen = await startTestQueen();
  const worker = workerJson({ url: null, port: 8000, reachable: "loopback" });
  await addHive(queen, "a", { workers: [worker] }, "10.0.0.7");
  expect(await best(queen)).toMatchObject({ status: 404 });
  expect(await queen.request("GET", "/v1/workers")).toMatchObject({ body: { workers: [{ url: null }] } });
  await queen.request("PATCH", "/v1/hives/a", { host: "127.0.0.1" });
  expect(await best(queen)).toMatchObject({ status: 200, body: { url: "http://127.0.0.1:8000" } });
});

test("names, where no worker is idle and the caller says cold, a hive that has the model on disk and the memory free", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, "busy", { workers: [workerJson({ state: "Busy" })] });
  await addHive(queen, "cold", {
    gpus: [GPU],
    models_on_disk: [{ model: "llama-3-8b", bytes: 5 * GB, server: "ollama 0.33.0", port: 11_434, reachable: "all" }],
  });
  const refusal = (words: string) => ({
    status: 404,
    body: { detail: expect.stringContaining(`; 1 live hive has it on disk, ${words}`) },
  });
  expect(await best(queen)).toMatchObject(refusal("of which cold=true names one that can load it"));
  expect(await best(queen, "&cold=false")).toMatchObject({ status: 404 });
  expect(await best(queen, "&cold=true&min_free_vram_gb=21")).toMatchObject(
    refusal("none of which takes work, is reached from elsewhere and has the memory free, as far as that is measured"),
  );
  expect(await best(queen, "&cold=true&backend=cuda")).toMatchObject(
    refusal("which cold=true names only where no backend is asked for"),
  );
  expect(await best(queen, "&backend=cuda")).toMatchObject(
    refusal("which cold=true names only where no backend is asked for"),
  );
  expect(await best(queen, "&cold=true")).toMatchObject({
    status: 200,
    body: {
      hive_id: "cold",
      cold: true,
      model_id: "llama-3-8b",
      bytes: 5 * GB,
      server: "ollama 0.33.0",
      url: "http://127.0.0.1:11434",
    },
  });
  await addHive(queen, "warm", { workers: [workerJson()] });
  expect(await best(queen, "&cold=true")).toMatchObject({ body: { hive_id: "warm", worker_id: "worker-1" } });
});

test("lists each model with its workers by state and the hives that have it on disk", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, "a", {
    workers: [workerJson(), workerJson({ worker_id: "2", state: "Loading" })],
    models_on_disk: [{ model: "qwen3" }],
  });
  const none = { idle: 0, busy: 0, loading: 0, error: 0, shutdown: 0 };
  expect(await queen.request("GET", "/v1/models")).toMatchObject({
    status: 200,
    body: {
      models: [
        { model: "llama-3-8b", workers: { ...none, idle: 1, loading: 1 }, hives_with_it_on_disk: 0 },
        { model: "qwen3", workers: none, hives_with_it_on_disk: 1 },
      ],
    },
  });
});

test("lists very many models while other work gets its turns", async () => {
  await using queen = await startTestQueen();
  const models = Array.from({ length: 1000 }, (_, n) => ({ model: `model-${n}` }));
  await addHive(queen, "a", { models_on_disk: models });
  const { result, turns } = await countTurns(() => queen.request("GET", "/v1/models?limit=1000"));
  expect((result.body as { models: unknown[] }).models).toHaveLength(1000);
  expect(turns).toBeGreaterThanOrEqual(6);
});
