import { describe, expect, test } from "vitest";
import { processOf, readerOf, recorded, startStub, withoutKey, written } from "../../../test/stub-server.ts";
import { AnotherServer } from "../adapter.ts";
import { llamacpp } from "./llamacpp.ts";

const SERVER = processOf("llama-server -m /models/tiny-a.gguf --port 8080");
/** The same at the path that no other server has. */
const health = (name: string) => ({ ...recorded(name), request: "GET /v1/health" });
const SLEEPER = processOf("llama-server -m /models/tiny-a.gguf --sleep-idle-seconds 3");

describe("a llama-server", () => {
  test("is known by its header: Ollama is not taken for it, and asked no more", async () => {
    const other = await startStub({ ...recorded("ollama-health-404"), request: "GET /props" });
    await expect(readerOf(llamacpp, other, { process: SERVER })()).rejects.toThrow(AnotherServer);
    expect(other.requests).toEqual(["GET /props"]);
  });

  test("is Loading, then Idle, and Busy only when all of its slots are taken", async () => {
    const server = await startStub({ ...recorded("llamacpp-health-loading"), request: "GET /props" });
    const read = readerOf(llamacpp, server, { process: SERVER });
    expect(await read()).toEqual({ readings: [{ model: "/models/tiny-a.gguf", state: "Loading", health: "healthy" }] });

    const ready = ["llamacpp-props"];
    server.answerWith(...ready, "llamacpp-slots-idle");
    const idle = { model: "other-name", state: "Idle", health: "healthy", running: 0, slots: 2 };
    expect(await read()).toEqual({ readings: [idle] });

    server.answerWith(...ready, "llamacpp-slots-busy");
    expect(await read()).toEqual({ readings: [{ ...idle, state: "Busy", running: 2 }] });

    const { body, ...slots } = recorded("llamacpp-slots-busy");
    const [taken] = body as object[];
    server.answerWith(...ready, { ...slots, body: [taken, { ...taken, is_processing: false }] });
    expect(await read()).toEqual({ readings: [{ ...idle, running: 1 }] });
  });

  test.each(["--sleep-idle-seconds 3", "--sleep-idle-seconds=3", "--sleep_idle_seconds 3"])(
    "that may sleep by %s is not asked for its slots",
    async (flag) => {
      const server = await startStub("llamacpp-props");
      const read = readerOf(llamacpp, server, { process: processOf(`llama-server ${flag}`) });
      expect((await read()).readings).toMatchObject([{ state: "Idle", running: undefined }]);
    },
  );

  test("that sleeps is Idle, and is not woken", async () => {
    const server = await startStub("llamacpp-props-sleeping");
    const read = readerOf(llamacpp, server, { process: SLEEPER });
    const sleeping = { model: "/models/tiny-a.gguf", state: "Idle", health: "healthy", running: 0, slots: 4 };
    expect(await read()).toEqual({ readings: [sleeping] });
  });

  test.each([
    ["whose command line says that it may sleep", SLEEPER],
    ["whose variable says so", processOf("llama-server", { LLAMA_ARG_SLEEP_IDLE_SECONDS: "3" })],
    ["whose command line is not known", undefined],
  ])("%s is not kept awake by a look at its slots", async (_which, process) => {
    const server = await startStub("llamacpp-props");
    const [reading] = (await readerOf(llamacpp, server, { process })()).readings;
    expect(reading).toEqual({ model: "other-name", state: "Idle", health: "healthy", slots: 2 });
  });

  test("of 2024 says by a number which of its slots are taken", async () => {
    const server = await startStub("llamacpp-2024-props", "llamacpp-2024-slots-idle");
    const read = readerOf(llamacpp, server, { process: SERVER });
    const idle = { model: "/models/tiny-a.gguf", state: "Idle", health: "healthy", running: 0, slots: 2 };
    expect(await read()).toEqual({ readings: [idle] });
    server.answerWith("llamacpp-2024-props", "llamacpp-2024-slots-busy");
    expect(await read()).toEqual({ readings: [{ ...idle, state: "Busy", running: 2 }] });
  });

  test.each(["llamacpp-2024", "llamacpp-2025"])(
    "as %s, which does not say its model beside its slots, has the one that it was told, or lists",
    async (version) => {
      const server = await startStub(`${version}-props`, "llamacpp-2025-slots-off");
      const told = await readerOf(llamacpp, server, { process: SERVER })();
      expect(told.readings).toEqual([{ model: "/models/tiny-a.gguf", state: "Idle", health: "healthy", slots: 2 }]);
      server.answerWith(`${version}-props`, `${version}-models`);
      const listed = await readerOf(llamacpp, server)();
      expect(listed.readings).toEqual([{ model: "/models/tiny.gguf", state: "Idle", health: "healthy", slots: 2 }]);
    },
  );

  test("that tells no slots is Idle, and how much it does is not known", async () => {
    const { body, ...props } = recorded("llamacpp-props");
    const server = await startStub({
      ...props,
      body: { ...(body as object), endpoint_slots: false },
    });
    const [reading] = (await readerOf(llamacpp, server, { process: SERVER })()).readings;
    expect(reading).toEqual({ model: "other-name", state: "Idle", health: "healthy", slots: 2 });
    server.answerWith("llamacpp-props", "llamacpp-slots-disabled");
    expect((await readerOf(llamacpp, server, { process: SERVER })()).readings).toEqual([reading]);
  });

  test("that wants a key is known by its health and its command line", async () => {
    const server = await startStub(health("llamacpp-health-ok"), withoutKey("GET /props"));
    const read = readerOf(llamacpp, server, { process: processOf("llama-server --alias tiny --api-key secret") });
    expect(await read()).toEqual({ readings: [{ model: "tiny", state: "Idle", health: "healthy" }] });
    server.answerWith(health("llamacpp-health-loading"), withoutKey("GET /props"));
    expect(await read()).toEqual({ readings: [{ model: "tiny", state: "Loading", health: "healthy" }] });
    server.answerWith(withoutKey("GET /v1/health"), withoutKey("GET /props"));
    expect((await read()).readings).toMatchObject([{ state: "Idle", health: "healthy" }]);
    server.answerWith({ ...health("llamacpp-health-ok"), status: 500 }, withoutKey("GET /props"));
    expect((await read()).readings).toMatchObject([{ state: "Error", health: "it answers 500 to /v1/health" }]);
  });

  test.each([500, 404, 302])("that answers %i is in Error, and that is said", async (status) => {
    const server = await startStub({ ...recorded("llamacpp-props"), status });
    const [reading] = (await readerOf(llamacpp, server, { process: SERVER })()).readings;
    expect(reading).toMatchObject({ state: "Error", health: `it answers ${status} to /props` });
  });

  test.each(["<html>", "", "null"])("that answers %j is in Error, and not one without anything to do", async (body) => {
    const server = await startStub({ ...recorded("llamacpp-props"), body });
    const [reading] = (await readerOf(llamacpp, server, { process: SERVER })()).readings;
    expect(reading).toMatchObject({ state: "Error", health: "what it answers to /props cannot be read" });
  });

  test.each(["--alias tiny,more", "-a more", "--alias ,tiny,,more,"])(
    "with %s has the name while it loads that it has then: the first by the alphabet",
    async (flags) => {
      const server = await startStub({ ...recorded("llamacpp-health-loading"), request: "GET /props" });
      const { readings } = await readerOf(llamacpp, server, { process: processOf(`llama-server ${flags}`) })();
      expect(readings).toMatchObject([{ model: "more", state: "Loading" }]);
    },
  );
});

test.each<[string, string, Record<string, string>?]>([
  ["-hf ggml-org/gemma-3-4b-it-GGUF:Q4_K_M", "ggml-org/gemma-3-4b-it-GGUF:Q4_K_M"],
  ["--hf-repo org/repo --hf-file a.gguf -m /cache/a.gguf", "org/repo"],
  ["-hf org/repo -a gemma", "gemma"],
  ["-m /cache/a.gguf", "org/of-variable", { LLAMA_ARG_HF_REPO: "org/of-variable" }],
])("llama-server %s is told to serve %s", (flags, model, environment) => {
  expect(llamacpp.program?.modelOf(processOf(`llama-server ${flags}`, environment))).toBe(model);
});

describe("a router", () => {
  const READY = ["llamacpp-router-props"];
  const ROUTER = processOf("llama-server --models-dir /models");
  const slotsOf = (model: string) => ({
    ...recorded("llamacpp-router-slots-of-model"),
    request: `GET /slots?model=${model}&autoload=false`,
  });
  const child = async (port: number, pid: number) => {
    const process = { ...processOf(`llama-server --host 127.0.0.1 --port ${port}`), pid };
    return { process, stub: await startStub() };
  };

  test("has a worker for each model that is loaded, loads or failed, and says what it could load, which it does not", async () => {
    const server = await startStub(...READY, "llamacpp-router-models-loaded", slotsOf("big-c"), slotsOf("tiny-a"));
    const runners = [await child(52_291, 11), await child(36_659, 12)];
    const idle = { state: "Idle", health: "healthy", running: 0, slots: 4 };
    expect(await readerOf(llamacpp, server, { process: ROUTER, runners })()).toEqual({
      hasManyModels: true,
      readings: [
        { model: "big-c", ...idle, pid: 11 },
        { model: "broken", state: "Error", health: "it could not be loaded (exit code 1)" },
        { model: "tiny-a", ...idle, pid: 12 },
      ],
      cold: [{ model: "tiny-b" }],
    });
  });

  test("is asked for the slots of a model by its whole name, and one that does not answer hides no other", async () => {
    const loaded = (id: string) => ({ id, status: { value: "loaded", args: [] } });
    const models = [loaded("Qwen/Qwen3-8B"), loaded("mute"), { id: "cold", status: { value: "unloaded" } }];
    const server = await startStub(
      written("GET /props", { role: "router" }),
      written("GET /v1/models", { data: models }),
      written("GET /slots?model=Qwen%2FQwen3-8B&autoload=false", [{ is_processing: true }, { is_processing: false }]),
      written("GET /slots?model=mute&autoload=false", "x".repeat(2 ** 22 + 1)),
    );
    expect(await readerOf(llamacpp, server, { process: ROUTER })()).toMatchObject({
      readings: [
        { model: "Qwen/Qwen3-8B", running: 1, slots: 2 },
        { model: "mute", state: "Idle", running: undefined },
      ],
      cold: [{ model: "cold" }],
    });
  });

  test("that loads no model by itself has none to load when it is asked", async () => {
    const props = recorded("llamacpp-router-props-no-autoload");
    const server = await startStub(props, "llamacpp-router-models-loaded", slotsOf("big-c"), slotsOf("tiny-a"));
    const { readings, cold } = await readerOf(llamacpp, server, { process: ROUTER })();
    expect([readings.length, cold]).toEqual([3, []]);
  });

  test("says which model loads, and which sleeps", async () => {
    const { body, ...models } = recorded("llamacpp-router-models-loading");
    const { data } = structuredClone(body) as { data: { id: string; status: { value: string } }[] };
    const changed = data.map((model) => {
      if (model.id === "tiny-a") model.status.value = "sleeping";
      if (model.id === "tiny-b") model.status.value = "loading";
      return model;
    });
    const server = await startStub(...READY, { ...models, body: { data: changed } }, slotsOf("big-c"));
    const { readings } = await readerOf(llamacpp, server, { process: ROUTER })();
    expect(readings.map(({ model, state }) => `${model} ${state}`)).toEqual([
      "big-c Idle",
      "broken Error",
      "tiny-a Idle",
      "tiny-b Loading",
    ]);
  });

  test("says by itself which model sleeps, of which it is not asked for the slots", async () => {
    const server = await startStub(...READY, "llamacpp-2026-router-models", slotsOf("wach"));
    const { readings, cold } = await readerOf(llamacpp, server, { process: ROUTER })();
    expect(readings.map(({ model, state, running }) => [model, state, running])).toEqual([
      ["kaputt", "Error", undefined],
      ["schläfer", "Idle", 0],
      ["wach", "Idle", 0],
    ]);
    expect(cold).toEqual([]);
  });

  test("is not asked for the slots of models that may sleep", async () => {
    const { body, ...models } = recorded("llamacpp-router-models-loaded");
    const text = JSON.stringify(body).replaceAll('"--threads"', '"--sleep-idle-seconds"');
    const server = await startStub(...READY, { ...models, body: JSON.parse(text) });
    const { readings } = await readerOf(llamacpp, server, { process: ROUTER })();
    expect(readings.map(({ state, running }) => [state, running])).toEqual([
      ["Idle", undefined],
      ["Error", undefined],
      ["Idle", undefined],
    ]);
  });
});
