import { networkInterfaces } from "node:os";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { vllmMetrics } from "../../test/each-kind.ts";
import { recorded, startStub, withoutKey, written } from "../../test/stub-server.ts";
import { HEALTH, llama, READY, watch } from "../../test/watched-host.ts";
import { modelsIn } from "./adapters/openai.ts";

// A server that is named is no process that is seen: only its answers say whether it is still what it was.

const modelsOf = (owner: string) => written("GET /v1/models", { data: [{ id: "a", owned_by: owner }] });
const VLLM = [
  written("GET /version", { version: "0.19.0" }),
  written("GET /metrics", vllmMetrics(0, 0)),
  modelsOf("vllm"),
];
/** Every path that has no side effect there. Its health generates a token, and fails the test. */
const SGLANG = [modelsOf("sglang"), ...nothingAt("/metrics", "/version", "/props", "/api/ps")];
const PATHS = ["/v1/models", "/metrics", "/version", "/props", "/model_info", "/v1/loads?include=core"];
const SHUT_SGLANG = PATHS.map((path) => written(`GET ${path}`, {}, 401));
const TGI = [written("GET /v1/models", { data: [{ id: "a" }] }), ...nothingAt("/version", "/props"), tgiMetrics()];
const LLAMA = [...READY, { ...recorded("llamacpp-models"), request: "GET /v1/models" }];
const BELOW_PREFIX = READY.map(recorded).map((one) => ({ ...one, request: one.request.replace("/", "/llama/") }));

function nothingAt(...paths: string[]) {
  return paths.map((path) => written(`GET ${path}`, { detail: "Not Found" }, 404));
}

function tgiMetrics() {
  return written("GET /metrics", "tgi_queue_size 0\n");
}

test.each([
  ["vllm", "SGLang", VLLM, SGLANG],
  ["vllm", "SGLang with a key", VLLM, SHUT_SGLANG],
  ["vllm", "TGI", VLLM, TGI],
  ["llamacpp", "SGLang", LLAMA, SGLANG],
  ["llamacpp", "SGLang with a key", LLAMA, SHUT_SGLANG],
  ["llamacpp", "TGI", LLAMA, TGI],
])(
  "one that was %s and is %s now is asked nothing that runs a model, and given up until it fits",
  async (kind, _now, first, then) => {
    const server = await startStub(...first);
    const { read, workers } = watch([], { named: `${kind}=${server.url}` });
    const given = async () => (await read()).workers.map(({ state, health_status }) => [state, health_status]);
    expect(await given()).toEqual([["Idle", "healthy"]]);
    server.answerWith(...then);
    expect([await given(), await given()]).toEqual([[], []]);
    const why = expect.stringContaining(`what answers on port ${server.port} is no ${kind}`);
    expect(workers.leftOut).toEqual([{ what: server.url.href, why }]);
    server.answerWith(...first);
    expect(await given()).toEqual([["Idle", "healthy"]]);
  },
);

test.each(["vllm", "llamacpp", "ollama"])(
  "one that is named %s and is SGLang is asked for its models alone",
  async (kind) => {
    const server = await startStub(...SGLANG);
    const { read, workers } = watch([], { named: `${kind}=${server.url}` });
    await read();
    expect((await read()).workers).toEqual([]);
    expect(workers.leftOut).toMatchObject([
      { why: `what answers on port ${server.port} is no ${kind}: HIVE_WORKERS can name it without a kind` },
    ]);
    expect(new Set(server.requests)).toEqual(new Set(["GET /v1/models"]));
  },
);

describe("a llama-server behind a proxy, which puts its own name in the place of the server's", () => {
  const behind = (name: string) => ({ ...recorded(name), headers: { server: "nginx" } });
  const models = { ...behind("llamacpp-models"), request: "GET /v1/models" };

  test.each(["llamacpp=", ""])("is known by its answers, named as %j", async (kind) => {
    const server = await startStub(behind("llamacpp-props"), models);
    const { read } = watch([], { named: `${kind}${server.url}` });
    const worker = { worker_id: `llamacpp-${server.port}`, state: "Idle", model_id: "other-name", slots: 2 };
    expect((await read()).workers).toMatchObject([{ ...worker, health_status: "healthy" }]);
    const failing = ["/props", "/v1/models"].map((path) => written(`GET ${path}`, "<html>Bad Gateway", 502));
    server.answerWith(...failing);
    const health_status = expect.stringMatching(/: it answers 502 to \/props$/);
    expect((await read()).workers).toMatchObject([{ ...worker, health_status }]);
  });

  test("is Loading while it says so, however long that takes", async () => {
    const loading = ["/props", "/v1/models"].map((path) => ({
      ...behind("llamacpp-health-loading"),
      request: `GET ${path}`,
    }));
    const server = await startStub(...loading);
    const { read } = watch([], { named: `llamacpp=${server.url}` });
    for (const _ of [1, 2, 3, 4]) {
      expect((await read()).workers).toMatchObject([{ state: "Loading", health_status: "healthy" }]);
    }
  });

  test("is known as a router, too", async () => {
    const server = await startStub(behind("llamacpp-router-props"), behind("llamacpp-router-models-loaded"));
    const { read } = watch([], { named: `llamacpp=${server.url}` });
    expect((await read()).workers.map(({ model_id }) => model_id)).toEqual(["big-c", "broken", "tiny-a"]);
  });
});

test.each(["llamacpp-models", "vllm-models-lora", "sglang-models"])(
  "behind a proxy that lets it be asked for its models alone, one that is named without its kind is read by them: %s",
  async (name) => {
    const models = { ...recorded(name), request: "GET /v1/models", headers: {} };
    const nothing = ["/props", "/version", "/model_info", "/get_model_info"];
    const server = await startStub(models, ...nothingAt(...nothing));
    const { read, workers } = watch([], { named: server.url.href });
    const readings = [await read(), await read()];
    const [first] = modelsIn(models.body);
    const worker_id = `openai-${server.port}/${first?.id}`;
    for (const { workers: told } of readings) expect(told[0]).toMatchObject({ worker_id, health_status: "healthy" });
    expect(workers.leftOut).toEqual([]);
  },
);

test("several below one place are a worker each", async () => {
  const at = (path: string, id: string) => written(`GET ${path}/v1/models`, { data: [{ id }] });
  const server = await startStub(at("", "a"), at("/b", "a"), at("/c", "a"));
  const { read, workers } = watch([], { named: ["", "b", "c/"].map((path) => `openai=${server.url}${path}`).join() });
  const told = (await read()).workers.map(({ worker_id, url }) => [worker_id, url]);
  const [id, place] = [`openai-${server.port}`, server.url.origin];
  expect(told).toEqual([
    [`${id}/a`, null],
    [`${id}/b/a`, `${place}/b`],
    [`${id}/c/a`, `${place}/c`],
  ]);
  expect(workers.leftOut).toEqual([]);
});

test("one that is named without its kind is read as what it has become", async () => {
  const server = await startStub(...VLLM);
  const { read } = watch([], { named: server.url.href });
  const ids = async () => (await read()).workers.map(({ worker_id }) => worker_id);
  expect(await ids()).toEqual([`vllm-${server.port}`]);
  server.answerWith(
    ...SGLANG,
    written("GET /model_info", { model_path: "a" }),
    written("GET /v1/loads?include=core", { loads: [] }),
  );
  await read();
  expect(await ids()).toEqual([`sglang-${server.port}`]);
  server.answerWith(...LLAMA, ...nothingAt("/v1/loads?include=core", "/get_load"));
  await read();
  expect(await ids()).toEqual([`llamacpp-${server.port}`]);
});

test("a llama-server without its key that is SGLang now is asked nothing that runs a model", async () => {
  const server = await startStub(withoutKey("GET /v1/models"), withoutKey("GET /props"), HEALTH);
  const { read } = watch([], { named: `llamacpp=${server.url}` });
  expect((await read()).workers).toMatchObject([{ state: "Idle" }]);
  server.answerWith(...SGLANG, ...nothingAt("/v1/health"));
  expect((await read()).workers).toEqual([]);
});

test.each([
  ["llamacpp", "GET /props", [withoutKey("GET /props"), withoutKey("GET /v1/models"), HEALTH]],
  ["sglang", "GET /v1/loads?include=core", SHUT_SGLANG],
  ["openai", "GET /v1/models", SHUT_SGLANG],
])("%s that wants a key is asked once a minute what it refuses without", async (kind, refused, answers) => {
  const server = await startStub(...answers);
  vi.useFakeTimers({ toFake: ["performance"] });
  onTestFinished(() => void vi.useRealTimers());
  const { read } = watch([], { named: `${kind}=${server.url}` });
  const asked = () => server.requests.filter((request) => request === refused).length;
  for (const passedMs of [0, 15_000, 44_000]) {
    vi.advanceTimersByTime(passedMs);
    await read();
  }
  expect(asked()).toBe(1);
  vi.advanceTimersByTime(1000);
  await read();
  expect(asked()).toBe(2);
});

describe("a server that is found and named", () => {
  const models = { ...recorded("llamacpp-models"), request: "GET /llama/v1/models" };

  test("is asked where it is named, with what its process says of it", async () => {
    const server = await startStub(...BELOW_PREFIX, models);
    const { read } = watch([llama(server, { ramKb: 1 })], { named: `llamacpp=${server.url}llama` });
    expect((await read()).workers).toMatchObject([
      { worker_id: `llamacpp-${server.port}`, state: "Idle", running: 0, slots: 2, ram_bytes: 1024 },
    ]);
  });

  test("is of the kind by which it is named", async () => {
    const server = await startStub(written("GET /v1/models", { data: [{ id: "a" }] }));
    const { read } = watch([llama(server)], { named: `openai=${server.url}` });
    expect((await read()).workers).toMatchObject([{ worker_id: `openai-${server.port}/a`, state: "Idle" }]);
  });

  test("is what listens at that port, and not a process that does not", async () => {
    const server = await startStub(...VLLM);
    const other = { pid: 11, uid: 7, commandLine: "nginx", listens: [`127.0.0.1:${server.port}`] };
    const silent = { pid: 10, commandLine: `vllm serve a --port ${server.port}` };
    const named = `vllm=${server.url}`;
    expect((await watch([silent, other], { named }).read()).workers).toMatchObject([{ state: "Idle", model_id: "a" }]);
    expect((await watch([silent], { named }).read()).workers).toMatchObject([{ state: "Loading", model_id: "a" }]);
  });
});

describe("what a server that is named has started for its models", () => {
  const started = async (parent: number) => {
    const [swap, child] = [await startStub(modelsOf("llama-swap")), await startStub(...LLAMA)];
    const listens = [`0.0.0.0:${swap.port}`];
    const shell = { pid: 11, parent, commandLine: "sh -c llama-server" };
    const processes = [
      { pid: parent, parent: 0, commandLine: "llama-swap", listens },
      shell,
      llama(child, { parent: shell.pid }),
    ];
    const ids = async (...named: { url: URL }[]) => {
      const reading = await watch(processes, { named: named.map(({ url }) => url.href).join() }).read();
      return reading.workers.map(({ worker_id }) => worker_id);
    };
    return { swap, child, ids, ofSwap: `openai-${swap.port}/a`, ofChild: `llamacpp-${child.port}` };
  };

  test("is no worker of its own, unless it is named too", async () => {
    const { swap, child, ids, ofSwap, ofChild } = await started(9);
    expect(await ids(swap)).toEqual([ofSwap]);
    expect(await ids(swap, child)).toEqual([ofChild, ofSwap]);
    expect(await ids()).toEqual([ofChild]);
  });

  test("is not what an init has started that holds its socket", async () => {
    const { swap, ids, ofSwap, ofChild } = await started(1);
    expect(await ids(swap)).toEqual([ofChild, ofSwap]);
  });
});

test("by 0.0.0.0, or by an address of this host, no other server is named than the one that is found there", async () => {
  const server = await startStub(...LLAMA);
  const read = async (host: string, listens: string) => {
    const process = llama(server, { listens: [`${listens}:${server.port}`] });
    return (await watch([process], { named: `llamacpp=http://${host}:${server.port}` }).read()).workers;
  };
  expect(await read("0.0.0.0", "127.0.0.1")).toMatchObject([{ url: null, port: server.port, reachable: "loopback" }]);
  const all = Object.values(networkInterfaces()).flatMap((some) => some ?? []);
  for (const { address } of all.filter(({ internal, family }) => !internal && family === "IPv4")) {
    const url = `http://${address}:${server.port}`;
    for (const listens of ["0.0.0.0", address]) expect(await read(address, listens)).toMatchObject([{ url }]);
  }
});

test.each(["--api-prefix", "--api_prefix"])(
  "a llama-server is asked below the prefix that it was told by %s",
  async (flag) => {
    const server = await startStub(...BELOW_PREFIX);
    const { read } = watch([llama(server, { commandLine: `llama-server ${flag} /llama --port ${server.port}` })]);
    expect((await read()).workers).toMatchObject([{ state: "Idle", slots: 2 }]);
  },
);

test("one below a path is told with all of its url, in which the queen knows the name of the host", async () => {
  const server = await startStub(...BELOW_PREFIX);
  const commandLine = `llama-server --api-prefix /llama --port ${server.port}`;
  const told = async (host: string, advertiseHost: string) =>
    (await watch([llama(server, { commandLine, listens: [`${host}:${server.port}`] })], { advertiseHost }).read())
      .workers;
  const below = (host: string) => ({ url: `http://${host}:${server.port}/llama`, port: null });
  expect(await told("0.0.0.0", "")).toMatchObject([below("0.0.0.0")]);
  expect(await told("0.0.0.0", "gpu-01")).toMatchObject([below("gpu-01")]);
  expect(await told("127.0.0.1", "gpu-01")).toMatchObject([below("127.0.0.1")]);
});

test("a process whose port is answered by another server is not asked for its health", async () => {
  const other = await startStub(...SGLANG);
  const { read } = watch([llama(other)]);
  expect((await read()).workers).toEqual([]);
  expect(other.requests).toEqual(["GET /props"]);
});

test("an Ollama whose newest model is of somebody else tells, named without a kind, which are loaded", async () => {
  const models = ["hf.co/unsloth/qwen3:Q4_K_M", "tiny-a:latest", "big-c:latest"].map((id) => ({
    id,
    owned_by: id.split("/").at(-2) ?? "library",
  }));
  const list = written("GET /v1/models", { data: models });
  const server = await startStub("ollama-version", "ollama-ps-loaded", "ollama-tags", list);
  const { read } = watch([], { named: server.url.href });
  const { workers, models_on_disk } = await read();
  expect(workers.map(({ model_id }) => model_id)).toEqual(["tiny-a:latest"]);
  expect(models_on_disk).toMatchObject([{ model: "big-c:latest" }]);
});
