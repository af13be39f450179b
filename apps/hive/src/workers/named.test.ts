import { expect, test } from "vitest";
import { vllmMetrics } from "../../test/each-kind.ts";
import { recorded, startStub, written } from "../../test/stub-server.ts";
import { llama, READY, watch } from "../../test/watched-host.ts";

// A server that is named is no process that is seen: only its answers say whether it is still what it was.

const modelsOf = (owner: string) => written("GET /v1/models", { data: [{ id: "a", owned_by: owner }] });
const VLLM = [
  written("GET /version", { version: "0.19.0" }),
  written("GET /metrics", vllmMetrics(0, 0)),
  modelsOf("vllm"),
];
/** Every path that has no side effect there. Its health generates a token, and fails the test. */
const SGLANG = [modelsOf("sglang"), ...nothingAt("/metrics", "/version", "/props", "/api/ps")];
const SHUT_SGLANG = ["/v1/models", "/metrics", "/version", "/props"].map((path) => written(`GET ${path}`, {}, 401));
const TGI = [written("GET /v1/models", { data: [{ id: "a" }] }), ...nothingAt("/version", "/props"), tgiMetrics()];
const LLAMA = [...READY, { ...recorded("llamacpp-models"), request: "GET /v1/models" }];

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
    const why = `what answers on port ${server.port} is no ${kind}`;
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
    expect(workers.leftOut).toMatchObject([{ why: `what answers on port ${server.port} is no ${kind}` }]);
    expect(new Set(server.requests)).toEqual(new Set(["GET /v1/models"]));
  },
);

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

test("a process whose port is answered by another server is not asked for its health", async () => {
  const other = await startStub(...SGLANG);
  const { read } = watch([llama(other)]);
  expect((await read()).workers).toEqual([]);
  expect(other.requests).toEqual(["GET /props"]);
});
