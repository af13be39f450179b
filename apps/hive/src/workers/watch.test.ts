import { expect, test } from "vitest";
import type { FakeProcess } from "../../test/fake-proc.ts";
import { recorded, startStub, withoutKey, written } from "../../test/stub-server.ts";
import { HEALTH, llama, READY, watch } from "../../test/watched-host.ts";

test("says of a worker what is known, and leaves out what is not", async () => {
  const server = await startStub(...READY);
  const { read } = watch([llama(server, { ramKb: 2048 })]);
  const { workers, models_on_disk, read_at } = await read();
  expect(workers).toEqual([
    {
      worker_id: `llamacpp-${server.port}`,
      state: "Idle",
      last_heartbeat: read_at,
      health_status: "healthy",
      url: null,
      port: server.port,
      reachable: "loopback",
      model_id: "other-name",
      server: "llama.cpp",
      running: 0,
      slots: 2,
      ram_bytes: 2048 * 1024,
    },
  ]);
  expect(models_on_disk).toEqual([]);
});

test("knows nothing before its first reading, and does not wait for it", () => {
  expect(watch([]).workers.latest()).toEqual({ workers: [] });
});

test("reads once at a time", async () => {
  const server = await startStub(...READY);
  const { workers } = watch([llama(server)]);
  await Promise.all([workers.refresh(), workers.refresh()]);
  expect(server.requests.filter((request) => request === "GET /props")).toHaveLength(1);
});

test("leaves out a server that has ended since it was read", async () => {
  const server = await startStub(...READY);
  const { read, write, workers } = watch([llama(server)]);
  expect((await read()).workers).toHaveLength(1);
  write([llama(server, { startTime: 101 })]);
  expect(workers.latest().workers).toEqual([]);
});

test("keeps the id of a server that was started again, and says in the log that it went and came", async () => {
  const server = await startStub(...READY);
  const { read, write, log } = watch([llama(server)]);
  const [first] = (await read()).workers;
  write([llama(server, { pid: 11, startTime: 500 })]);
  expect((await read()).workers).toMatchObject([{ worker_id: first?.worker_id }]);
  expect(log).toEqual(["server found", "server found", "server gone"]);
});

test("is Loading with its model while it does not listen", async () => {
  const { read } = watch([{ pid: 10, commandLine: "vllm serve Qwen/Qwen3-8B --port 8010" }]);
  expect((await read()).workers).toMatchObject([
    { worker_id: "vllm-8010", state: "Loading", model_id: "Qwen/Qwen3-8B", health_status: "healthy", url: null },
  ]);
});

test("without an answer keeps the last reading as not healthy, and is in Error after three", async () => {
  const server = await startStub(...READY);
  const { read } = watch([llama(server)]);
  const [good] = (await read()).workers;
  await server.close();
  for (const state of ["Idle", "Idle", "Error"]) {
    const [worker] = (await read()).workers;
    expect(worker).toMatchObject({ state, model_id: "other-name", last_heartbeat: good?.last_heartbeat });
    expect(worker?.health_status).toMatch(/^no answer for \d+ s: connect ECONNREFUSED/);
  }
});

test.each([
  ["ollama serve", "/api/version"],
  ["vllm serve a", "/version"],
  ["sglang serve --model a", "/model_info"],
])("whatever fails is not taken for another server than its process is: %s", async (commandLine, path) => {
  const failing = [path, "/v1/models", "/metrics"].map((one) => written(`GET ${one}`, "restarting", 503));
  const server = await startStub(...failing);
  const { read } = watch([llama(server, { commandLine: `${commandLine} --port ${server.port}` })]);
  for (const state of ["Loading", "Loading", "Error"]) {
    const [worker] = (await read()).workers;
    expect(worker).toMatchObject({ state, health_status: expect.stringMatching(`: it answers 503 to ${path}$`) });
  }
});

test("one that was found is asked once what it is, also where it was silent since: its process is the same", async () => {
  const answers = [
    written("GET /version", { version: "0.19.0" }),
    written("GET /v1/models", { data: [{ id: "a", owned_by: "vllm" }] }),
    written("GET /metrics", "vllm:num_requests_running 0\n"),
  ];
  const server = await startStub(...answers);
  const { read } = watch([llama(server, { commandLine: `vllm serve a --port ${server.port}` })]);
  const healthOf = async () => (await read()).workers[0]?.health_status;
  expect(await healthOf()).toBe("healthy");
  server.answerWith(...["/version", "/v1/models", "/metrics"].map((path) => written(`GET ${path}`, "", 503)));
  expect(await healthOf()).toMatch(/^no answer/);
  server.answerWith(...answers.slice(1));
  expect(await healthOf()).toBe("healthy");
});

test("something else at the port of a server is left out, and said once", async () => {
  const other = await startStub({ ...recorded("ollama-health-404"), request: "GET /props" });
  const { read, workers, log } = watch([llama(other)]);
  await read();
  expect((await read()).workers).toEqual([]);
  const why = `what answers on port ${other.port} is no llamacpp`;
  expect(workers.leftOut).toEqual([{ what: "llamacpp (pid 10)", why }]);
  expect(log).toEqual(["server found", `llamacpp (pid 10) is left out: ${why}`]);
});

test("several models are a worker each, with their names in the id", async () => {
  const loaded = recorded("ollama-ps-loaded");
  const { models } = loaded.body as { models: object[] };
  const both = { ...loaded, body: { models: [...models, { ...models[0], name: `long-${"x".repeat(300)}` }] } };
  const server = await startStub("ollama-version", both, "ollama-tags");
  const ollama = llama(server, { commandLine: "ollama serve" });
  const { read, workers } = watch([ollama]);
  const { workers: told, models_on_disk } = await read();
  expect(told.map(({ worker_id }) => worker_id)).toEqual([`ollama-${server.port}/tiny-a:latest`]);
  expect(workers.leftOut.map(({ why }) => why)).toEqual(["the name of its model has more than 256 characters"]);
  const address = { server: "ollama 0.0.0", url: null, port: server.port, reachable: "loopback" };
  expect(models_on_disk).toEqual([{ model: "big-c:latest", bytes: 672_317_659, ...address }]);
});

test("a text that is cut ends in no half of a character", async () => {
  const version = written("GET /api/version", { version: "😀".repeat(200) });
  const server = await startStub(version, "ollama-ps-loaded", "ollama-tags");
  const { read } = watch([llama(server, { commandLine: "ollama serve" })]);
  const [worker] = (await read()).workers;
  expect(worker?.server?.slice(-3)).toBe("😀\ufffd");
});

test("tells the name under which others reach this host where it was told, and never of a server on loopback", async () => {
  const server = await startStub(...READY);
  const open = { ...llama(server), listens: [`0.0.0.0:${server.port}`] };
  const told = async (process: FakeProcess, advertiseHost: string) =>
    (await watch([process], { advertiseHost }).read()).workers;
  expect(await told(open, "gpu-01.example")).toMatchObject([
    { url: `http://gpu-01.example:${server.port}`, port: server.port, reachable: "all" },
  ]);
  expect(await told(open, "fd00::12")).toMatchObject([{ url: `http://[fd00::12]:${server.port}` }]);
  expect(await told(open, "")).toMatchObject([{ url: null, port: server.port, reachable: "all" }]);
  expect(await told(llama(server), "gpu-01.example")).toMatchObject([{ url: null, reachable: "loopback" }]);
});

test.each(["[::1]", "127.0.0.2"])(
  "tells where a server is that listens on %s alone: a port says 127.0.0.1",
  async (address) => {
    const server = await startStub();
    const { read } = watch([llama(server, { listens: [`${address}:${server.port}`] })]);
    const url = `http://${address}:${server.port}`;
    expect((await read()).workers).toMatchObject([{ url, port: server.port, reachable: "loopback" }]);
  },
);

test("gives a server its key, and no other", async () => {
  const keyed = await startStub(...READY);
  const open = await startStub(HEALTH, withoutKey("GET /props"));
  const keys = new Map([[`127.0.0.1:${keyed.port}`, "secret"]]);
  const { read } = watch([llama(keyed), { ...llama(open), pid: 11 }], { keys: () => keys });
  await read();
  expect([new Set(keyed.authorizations), new Set(open.authorizations)]).toEqual([
    new Set(["Bearer secret"]),
    new Set([undefined]),
  ]);
});

test("a process is asked once what it refuses without a key, and the next one anew", async () => {
  const server = await startStub(HEALTH, withoutKey("GET /props"));
  const { read, write } = watch([llama(server)]);
  const asked = () => server.requests.filter((request) => request === "GET /props").length;
  await read();
  expect((await read()).workers).toMatchObject([{ state: "Idle", health_status: "healthy" }]);
  expect(asked()).toBe(1);
  write([llama(server, { startTime: 500 })]);
  await read();
  expect(asked()).toBe(2);
});

test("a process that refused a key is asked again with the one that takes its place", async () => {
  const server = await startStub(HEALTH, withoutKey("GET /props"));
  let keys = new Map<string, string>();
  const { read } = watch([llama(server)], { keys: () => keys });
  const giveKey = (key: string) => {
    keys = new Map([[`127.0.0.1:${server.port}`, key]]);
  };
  giveKey("old");
  expect((await read()).workers).toMatchObject([{ model_id: null }]);
  server.answerWith(HEALTH, ...READY);
  expect((await read()).workers).toMatchObject([{ model_id: null }]);
  giveKey("new");
  expect((await read()).workers).toMatchObject([{ model_id: "other-name", slots: 2 }]);
  expect(server.authorizations.at(-1)).toBe("Bearer new");
});

test("a server that is named is read beside those that are found, its kind found out by one question", async () => {
  const models = written("GET /v1/models", { data: [{ id: "a", owned_by: "somebody" }, { id: "b" }] });
  const server = await startStub(models);
  const found = await startStub(...READY);
  const named = `http://localhost:${server.port}/v1,llamacpp=http://127.0.0.1:${found.port}`;
  const { read } = watch([llama(found)], { named });
  const { workers } = await read();
  expect(workers.map(({ worker_id, model_id, url }) => [worker_id, model_id, url])).toEqual([
    [`llamacpp-${found.port}`, "other-name", null],
    [`openai-${server.port}/a`, "a", null],
    [`openai-${server.port}/b`, "b", null],
  ]);
});

test("one that is named on another host is told with that address", async () => {
  const { read } = watch([], { named: "openai=http://192.0.2.7:9000/llm", timeoutMs: 100 });
  expect((await read()).workers).toMatchObject([
    { worker_id: "openai-192.0.2.7:9000/llm", url: "http://192.0.2.7:9000/llm", state: "Loading", model_id: null },
  ]);
});

test("measures the GPUs, the memory and the processor of a server and all that it started", async () => {
  const server = await startStub(...READY);
  const tree = (ticks: number): FakeProcess[] => [
    llama(server, { ramKb: 100, ticks }),
    { pid: 11, parent: 10, commandLine: "worker", ramKb: 200, ticks },
    { pid: 12, parent: 11, commandLine: "worker", ramKb: 300, ticks },
    { pid: 13, commandLine: "stranger", ramKb: 10_000, ticks },
  ];
  const gpuMemory = new Map([
    [11, [{ gpuIndex: 0, bytes: 1000 }]],
    [
      12,
      [
        { gpuIndex: 1, bytes: 5000 },
        { gpuIndex: 0, bytes: 2000 },
      ],
    ],
    [13, [{ gpuIndex: 2, bytes: 9000 }]],
  ]);
  const gpus = [
    { index: 0, utilization_percent: 10 },
    { index: 1, utilization_percent: 70 },
  ];
  const { read, write } = watch(tree(0), { gpuMemoryByPid: () => gpuMemory, gpus: () => gpus });
  const [first] = (await read()).workers;
  const onGpu = { backend: "cuda", device_id: 1, device_ids: [0, 1], vram_bytes: 8000, gpu_percent: 70 };
  expect(first).toMatchObject({ ...onGpu, ram_bytes: 600 * 1024 });
  expect(first).not.toHaveProperty("cpu_percent", expect.anything());
  write(tree(1));
  expect((await read()).workers[0]?.cpu_percent).toBeGreaterThan(0);
});

test("of one on a part of a GPU it is known how much it holds, and not on which GPU", async () => {
  const server = await startStub(...READY);
  const held = [
    { gpuIndex: 0, bytes: 1000 },
    { gpuIndex: null, bytes: 500 },
  ];
  const { read } = watch([llama(server)], { gpuMemoryByPid: () => new Map([[10, held]]), gpus: () => [{ index: 0 }] });
  const [worker] = (await read()).workers;
  expect(worker).toMatchObject({ backend: "cuda", vram_bytes: 1500 });
  expect([worker?.device_id, worker?.device_ids]).toEqual([undefined, undefined]);
});

test("what a server says of its memory counts where that of its processes is not known", async () => {
  const server = await startStub(
    written("GET /api/version", { version: "0.30.0" }),
    written("GET /api/ps", { models: [{ name: "tiny-a", size_vram: 4096 }] }),
    written("GET /api/tags", { models: [] }),
  );
  const at = `127.0.0.1:${server.port}`;
  const ollama = { pid: 10, commandLine: "ollama serve", environment: { OLLAMA_HOST: at }, listens: [at] };
  let bytes: number | null = null;
  const gpuMemoryByPid = () => new Map([[10, [{ gpuIndex: 0, bytes }]]]);
  const { read } = watch([ollama], { gpuMemoryByPid, gpus: () => [{ index: 0 }] });
  expect((await read()).workers).toMatchObject([{ backend: "cuda", vram_bytes: 4096 }]);
  bytes = 5000;
  expect((await read()).workers).toMatchObject([{ backend: "cuda", vram_bytes: 5000 }]);
});

test.each([
  ["cpu where there are no GPUs", [], new Map(), "cpu"],
  ["not known where there are GPUs and it is on none that is told", [{ index: 0 }], new Map(), undefined],
  ["not known where GPUs could not be read", undefined, undefined, undefined],
])("its backend is %s", async (_what, gpus, gpuMemory, backend) => {
  const server = await startStub(...READY);
  const { read } = watch([llama(server)], { gpus: () => gpus, gpuMemoryByPid: () => gpuMemory });
  expect((await read()).workers[0]?.backend).toBe(backend);
});

test("finds nothing where it is told not to look", async () => {
  const server = await startStub();
  const { read } = watch([llama(server)], { discover: false });
  expect((await read()).workers).toEqual([]);
});
