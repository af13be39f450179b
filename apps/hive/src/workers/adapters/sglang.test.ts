import { expect, test } from "vitest";
import { askOf, processOf, readerOf, startStub, written } from "../../../test/stub-server.ts";
import { sglang } from "./sglang.ts";

// What no real server was seen to answer is `written` after SGLang's sources: above all versions before 0.5.9.
const LOADS = "GET /v1/loads?include=core";
const OLD_LOADS = "GET /get_load";
const MODELS = written("GET /v1/models", { data: [{ id: "qwen", owned_by: "sglang" }] });
const rank = (running: number, waiting: number) => ({
  num_running_reqs: running,
  num_waiting_reqs: waiting,
  max_running_requests: 4,
});

test("is known by its model, under the new path or the old one, and also without its key", async () => {
  const info = { model_path: "Qwen/Qwen3-4B", is_generation: true };
  const identify = async (...answers: Parameters<typeof startStub>) =>
    sglang.identify(askOf((await startStub(...answers)).url, sglang.paths));
  expect(await identify("sglang-model-info")).toBe("sglang");
  expect(await identify("sglang-model-info-no-key")).toBe("sglang");
  expect(await identify(written("GET /model_info", "", 404), written("GET /get_model_info", info))).toBe("sglang");
  expect(await identify(written("GET /model_info", {}))).toBeUndefined();
});

test.each([
  ["Idle while requests run and none waits", [rank(3, 0), rank(0, 0)], { state: "Idle", running: 3, waiting: 0 }],
  ["Busy when one waits", [rank(1, 1), rank(0, 0)], { state: "Busy", running: 1, waiting: 1 }],
  ["Busy when as many run as may", [rank(4, 0), rank(4, 0)], { state: "Busy", running: 8, waiting: 0 }],
])("is %s, on all of its ranks together", async (_what, loads, reading) => {
  const server = await startStub(written(LOADS, { loads }), MODELS);
  const { readings } = await readerOf(sglang, server)();
  expect(readings).toEqual([{ model: "qwen", health: "healthy", slots: 8, ...reading }]);
});

test("of ranks of which one does not say how much it does, that of all together is not known", async () => {
  const { num_running_reqs: _, ...silent } = rank(1, 0);
  const server = await startStub(written(LOADS, { loads: [rank(1, 0), silent] }), MODELS);
  expect((await readerOf(sglang, server)()).readings).toMatchObject([{ running: undefined, waiting: 0, slots: 8 }]);
});

test.each([
  ["sglang-loads-idle", { state: "Idle", running: 0, waiting: 0, slots: 4 }],
  ["sglang-loads-busy", { state: "Busy", running: 4, waiting: 4, slots: 4 }],
  ["sglang-loads-two-ranks-busy", { state: "Busy", running: 8, waiting: 8, slots: 8 }],
])("a real one is read from %s", async (loads, reading) => {
  const server = await startStub(loads, "sglang-models");
  const { readings } = await readerOf(sglang, server)();
  expect(readings).toEqual([{ model: "sg", health: "healthy", ...reading }]);
});

test("an old one is asked the new way once", async () => {
  const server = await startStub(written(LOADS, "", 404), "sglang-get-load-busy", MODELS);
  const read = readerOf(sglang, server);
  await read();
  expect((await read()).readings).toMatchObject([{ state: "Busy", running: 4, waiting: 4 }]);
  expect(server.requests.filter((request) => request === LOADS)).toHaveLength(1);
});

test("one of before both ways is Idle, and how much it does is not known", async () => {
  const neither = [written(LOADS, "", 404), written(OLD_LOADS, "", 404)];
  const server = await startStub(...neither, MODELS);
  expect((await readerOf(sglang, server)()).readings).toEqual([{ model: "qwen", state: "Idle", health: "healthy" }]);
  server.answerWith(...neither, written("GET /v1/models", { data: [{ id: "a", owned_by: "somebody" }] }));
  expect((await readerOf(sglang, server)()).readings).toMatchObject([{ state: "Error" }]);
});

test("that wants a key says so, with the model of its command line", async () => {
  const server = await startStub("sglang-loads-no-key");
  const process = processOf("python -m sglang.launch_server --model-path Qwen/Qwen3-4B");
  expect((await readerOf(sglang, server, { process })()).readings).toEqual([
    { model: "Qwen/Qwen3-4B", state: "Error", health: "it wants a key: see HIVE_WORKER_KEYS_FILE" },
  ]);
});

test.each([
  ["sglang serve a --served-model-name b", "b"],
  ["sglang serve a/b --port 30001", "a/b"],
  ["python -m sglang.launch_server --model a", "a"],
  ["python -m sglang.launch_server --config x.yaml", null],
])("%j serves %s", (commandLine, model) => {
  expect(sglang.program?.modelOf(processOf(commandLine))).toBe(model);
});

test.each([
  ["python -m sglang.cli.main serve --model-path a", true],
  ["python -m sglang.cli.main generate", false],
])("%j: that it serves is %s", (commandLine, serves) => {
  expect(sglang.program?.matches(commandLine.split(" "))).toBe(serves);
});
