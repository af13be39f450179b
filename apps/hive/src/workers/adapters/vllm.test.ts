import { expect, test } from "vitest";
import { vllmMetrics } from "../../../test/each-kind.ts";
import { askOf, processOf, readerOf, startStub, written } from "../../../test/stub-server.ts";
import { vllm } from "./vllm.ts";

// What no real server was seen to answer is `written` after vLLM's sources: sleep, which a vLLM on a CPU does not have, shut metrics, and older names.
const MODEL = "Qwen/Qwen3-8B";
const PROCESS = processOf(`vllm serve ${MODEL} --max-num-seqs 4`);
const withoutKey = (request: string) => written(request, { error: "Unauthorized" }, 401);
const metrics = (text: string) => written("GET /metrics", text);
const models = (...ids: string[]) => written("GET /v1/models", { data: ids.map((id) => ({ id, owned_by: "vllm" })) });

test.each(["vllm-version", "vllm-rust-version"])("is known by its version, as %s", async (answer) => {
  const server = await startStub(answer);
  expect(await vllm.identify(askOf(server.url, vllm.paths))).toBe("vllm 0.32.0");
});

test("is not what has no version", async () => {
  const other = await startStub(written("GET /version", "1.0"));
  expect(await vllm.identify(askOf(other.url, vllm.paths))).toBeUndefined();
});

test.each([
  ["Idle while requests run and none waits", vllmMetrics(3, 0), { state: "Idle", running: 3, waiting: 0 }],
  ["Busy when one waits", vllmMetrics(3, 1), { state: "Busy", running: 3, waiting: 1 }],
  ["Busy when as many run as may", vllmMetrics(4, 0), { state: "Busy", running: 4, waiting: 0 }],
])("is %s", async (_what, page, reading) => {
  const server = await startStub(metrics(page), models(MODEL));
  const { readings } = await readerOf(vllm, server, { process: PROCESS })();
  expect(readings).toEqual([{ model: MODEL, health: "healthy", slots: 4, ...reading }]);
});

test.each([
  ["Idle, with a worker for its name and one for its LoRA", "vllm-metrics-idle", "vllm-models-lora", 0, 0, 4],
  ["Idle before the first request to its two engines", "vllm-metrics-unused", "vllm-models-no-key", 0, 0, 8],
  ["Busy on both of its engines", "vllm-metrics-busy", "vllm-models-no-key", 8, 28, 8],
  ["Idle with a front end that is no Python", "vllm-rust-metrics-idle", "vllm-rust-models", 0, 0, 4],
])("a real one is %s", async (what, page, list, running, waiting, slots) => {
  const server = await startStub(page, list);
  const load = { state: what.slice(0, 4), health: "healthy", running, waiting, slots };
  const names = list === "vllm-models-lora" ? ["tiny", "sql"] : ["tiny"];
  const { readings } = await readerOf(vllm, server, { process: PROCESS })();
  expect(readings).toEqual(names.map((model) => ({ model, ...load })));
});

test("is not Busy for a request that waits for something else than room", async () => {
  const byReason = 'vllm:num_requests_waiting_by_reason{engine="0",reason="capacity"} 0\n';
  const deferred = 'vllm:num_requests_waiting_by_reason{engine="0",reason="deferred"} 2\n';
  const server = await startStub(metrics(vllmMetrics(1, 2) + byReason + deferred), models(MODEL));
  const { readings } = await readerOf(vllm, server, { process: PROCESS })();
  expect(readings).toMatchObject([{ state: "Idle", running: 1, waiting: 2 }]);
});

test.each([
  ["not healthy while one of its engines sleeps: a request could end it", 0, /^it sleeps until/],
  ["healthy while all are awake", 1, /^healthy$/],
])("is %s", async (_what, second, health) => {
  const states = [1, second].map(
    (awake, engine) =>
      `vllm:engine_sleep_state{engine="${engine}",sleep_state="awake"} ${awake}.0\n` +
      `vllm:engine_sleep_state{engine="${engine}",sleep_state="discard_all"} 0.0\n`,
  );
  const server = await startStub(metrics(vllmMetrics(0, 0) + states.join("")), models(MODEL));
  const { readings } = await readerOf(vllm, server, { process: PROCESS })();
  expect(readings).toMatchObject([{ state: "Idle", health: expect.stringMatching(health) }]);
});

test("counts all of its engines, under either form of their names, and none for a gauge that names none", async () => {
  const running = 'vllm_num_requests_running{engine="0"} 1\nvllm_num_requests_running{engine="1"} 2\n';
  const page = `${running}vllm_engine_sleep_state{sleep_state="awake"} 1\n`;
  const server = await startStub(metrics(page), models(MODEL));
  const { readings } = await readerOf(vllm, server, { process: PROCESS })();
  expect(readings).toMatchObject([{ running: 3, waiting: undefined, slots: 8 }]);
});

test("is read with the metrics of many engines, which are a megabyte and more", async () => {
  const bucket = (engine: number, le: number) =>
    `vllm:time_to_first_token_seconds_bucket{engine="${engine}",le="${le}",model_name="${MODEL}"} 7.0\n`;
  const pages = Array.from({ length: 32 }, (_, engine) => {
    const buckets = Array.from({ length: 400 }, (_, le) => bucket(engine, le)).join("");
    return `vllm:num_requests_running{engine="${engine}",model_name="${MODEL}"} 1.0\n${buckets}`;
  });
  const server = await startStub(metrics(pages.join("")), models(MODEL));
  const { readings } = await readerOf(vllm, server, { process: PROCESS })();
  expect(readings).toMatchObject([{ state: "Idle", running: 32, slots: 128 }]);
});

test("is a worker for each of its names and LoRAs", async () => {
  const server = await startStub(metrics(vllmMetrics(0, 0)), models(MODEL, "sql-lora"));
  const { readings } = await readerOf(vllm, server)();
  expect(readings.map(({ model, slots }) => [model, slots])).toEqual([
    [MODEL, undefined],
    ["sql-lora", undefined],
  ]);
});

test("that wants a key is named by its metrics", async () => {
  const server = await startStub(metrics(vllmMetrics(1, 0)), "vllm-models-no-key");
  expect((await readerOf(vllm, server)()).readings).toMatchObject([{ model: MODEL, running: 1 }]);
});

test("whose metrics are shut is known by its health and its command line", async () => {
  const shut = [withoutKey("GET /metrics"), withoutKey("GET /v1/models")];
  const version = written("GET /version", { version: "0.19.0" });
  const server = await startStub(...shut, version, "vllm-health");
  const { readings } = await readerOf(vllm, server, { process: PROCESS })();
  expect(readings).toEqual([{ model: MODEL, state: "Idle", health: "healthy", slots: 4 }]);
  server.answerWith(...shut, version, written("GET /health", "", 503));
  expect((await readerOf(vllm, server, { process: PROCESS })()).readings).toMatchObject([
    { model: MODEL, state: "Error", health: "its engine is dead" },
  ]);
});

test.each([
  ["vllm serve a --served-model-name b c", "b"],
  ["python -m vllm.entrypoints.openai.api_server --model=a", "a"],
  ["python /usr/bin/vllm serve a/b", "a/b"],
  ["python -m vllm.entrypoints.cli.main serve a/b", "a/b"],
  ["vllm-rs serve a/b --port 8007", "a/b"],
  ["vllm serve --config x.yaml", null],
])("%j serves %s", (commandLine, model) => {
  expect(vllm.program?.modelOf(processOf(commandLine))).toBe(model);
});
