import { expect, test } from "vitest";
import { askOf, readerOf, recorded, startStub, withoutKey, written } from "../../../test/stub-server.ts";
import { kindIn, UNKNOWN_PATHS } from "../identify.ts";
import { openai } from "./openai.ts";

const MODELS = "GET /v1/models";

test("is a worker for each model that is listed, and never Busy", async () => {
  const server = await startStub(written(MODELS, { data: [{ id: "a" }, { id: "b" }] }));
  expect(await readerOf(openai, server)()).toEqual({
    hasManyModels: true,
    cold: [],
    readings: ["a", "b"].map((model) => ({ model, state: "Idle", health: "healthy" })),
  });
});

test.each([
  ["fastchat-models", ["chat-a", "tiny-a"]],
  ["infinity-models", ["emb-a", "emb b"]],
  ["litellm-models", ["big-c", "team a/chat model", "gone", "emb"]],
  ["lmdeploy-proxy-models", ["tiny-a"]],
  ["ray-serve-models", ["my-tiny"]],
  ["sglang-gateway-models", ["unknown"]],
  ["transformers-serve-5.0.0-models", ["some-org/Tiny-A", "some-org/Tiny-B"]],
  ["xinference-models", ["emb-1", "chat/1"]],
])("that answers %s is of no kind that is known better", async (name, models) => {
  const server = await startStub(name);
  expect(kindIn(await askOf(server.url, UNKNOWN_PATHS)("/v1/models"))).toBeUndefined();
  const readings = models.map((model) => ({ model, state: "Idle", health: "healthy" }));
  expect(await readerOf(openai, server)()).toMatchObject({ readings });
});

test("has a model on disk, and no worker, where it says of it that it is not loaded", async () => {
  const server = await startStub("transformers-serve-models");
  expect(await readerOf(openai, server)()).toMatchObject({
    readings: [{ model: "some-org/Tiny-A", state: "Idle", health: "healthy" }],
    cold: [{ model: "some-org/Tiny-B" }],
  });
});

test("that is a router of llama.cpp has each model as that says", async () => {
  const server = await startStub("llamacpp-router-models-loaded");
  const read = readerOf(openai, server);
  const idle = ["big-c", "tiny-a"].map((model) => ({ model, state: "Idle", health: "healthy" }));
  const broken = { model: "broken", state: "Error", health: "it could not be loaded" };
  expect(await read()).toEqual({
    hasManyModels: true,
    readings: [idle[0], broken, idle[1]],
    cold: [{ model: "tiny-b" }],
  });
  server.answerWith(written(MODELS, { data: [{ id: "tiny-b", status: { value: "loading" } }] }));
  expect(await read()).toMatchObject({ readings: [{ model: "tiny-b", state: "Loading" }], cold: [] });
});

test("that ends what it streams when it is asked for its models, as llama-cpp-python does, is asked for them once", async () => {
  const server = await startStub("llama-cpp-python-models", "llama-cpp-python-docs");
  const read = readerOf(openai, server);
  const first = await read();
  expect(first.readings).toEqual([{ model: "/models/slow.gguf", state: "Idle", health: "healthy" }]);
  expect([await read(), await read()]).toEqual([first, first]);
  expect(server.requests).toEqual([MODELS, "GET /docs", "GET /docs"]);
  server.answerWith({ ...recorded("llama-cpp-python-docs"), status: 404 }, written(MODELS, { data: [{ id: "a" }] }));
  expect((await read()).readings).toMatchObject([{ model: "a" }]);
  await read();
  expect(server.requests.slice(3)).toEqual(["GET /docs", MODELS, MODELS]);
});

test.each([
  ["503 in JSON", "Loading", "healthy", written(MODELS, {}, 503)],
  ["503 of a proxy without a server", "Error", "it answers 503 to /v1/models", recorded("haproxy-models-no-server")],
  ["500", "Error", "it answers 500 to /v1/models", written(MODELS, {}, 500)],
])("with %s is %s", async (_status, state, health, answer) => {
  const server = await startStub(answer);
  expect((await readerOf(openai, server)()).readings).toEqual([{ model: null, state, health }]);
});

test.each([withoutKey(MODELS), recorded("litellm-models-no-key")])("that wants a key says so", async (refusal) => {
  const server = await startStub(refusal);
  const [reading] = (await readerOf(openai, server)()).readings;
  expect(reading).toMatchObject({ state: "Error", health: "it wants a key: see HIVE_WORKER_KEYS_FILE" });
});

const ownedBy = (owners: Readonly<Record<string, string>>) =>
  written(MODELS, { data: Object.entries(owners).map(([id, owned_by]) => ({ id, owned_by })) });

test.each([
  ["llamacpp", recorded("llamacpp-models")],
  ["llamacpp", recorded("llamacpp-b11434-models-no-key")],
  ["ollama", recorded("ollama-v1-models")],
  [
    "ollama",
    ownedBy({ "hf.co/unsloth/qwen3:Q4_K_M": "unsloth", "somebody/phi:latest": "somebody", "tiny-a:latest": "library" }),
  ],
  ["ollama", ownedBy({ "big-c:latest": "ollama" })],
  [undefined, ownedBy({ "openai/gpt-4o": "openai" })],
  ["vllm", recorded("vllm-models-lora")],
  ["vllm", recorded("vllm-rust-models")],
  ["sglang", recorded("sglang-models")],
  [undefined, written(MODELS, { data: [{ id: "a", owned_by: "constructor" }] })],
  [undefined, written(MODELS, "no")],
])("%s is told by one question from what answers there", async (kind, answer) => {
  const server = await startStub(answer);
  expect(kindIn(await askOf(server.url, UNKNOWN_PATHS)("/v1/models"))).toBe(kind);
});
