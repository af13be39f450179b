import { expect, test } from "vitest";
import { clockAt, RUNNER, runnerWith, statesOf } from "../../../test/ollama-runners.ts";
import {
  askOf,
  processOf,
  type Recorded,
  readerOf,
  recorded,
  type StubServer,
  startStub,
} from "../../../test/stub-server.ts";
import { ollama } from "./ollama.ts";

const OLD_RUNNER = processOf("/usr/bin/ollama runner --model /blobs/sha256-1 --port 40001");
const NAME = "tiny-a:latest";

/** `/api/ps` as it was recorded, with another time at which the model is to be unloaded. */
function loadedUntil(ms: number, count = 1): Recorded {
  const { body, ...answer } = recorded("ollama-ps-loaded");
  const [model] = (body as { models: object[] }).models;
  const names = [NAME, "big-c:latest"].slice(0, count);
  return {
    ...answer,
    body: { models: names.map((name) => ({ ...model, name, expires_at: new Date(ms).toISOString() })) },
  };
}

test("is known by its version, and llama.cpp is not taken for it", async () => {
  const server = await startStub("ollama-version");
  expect(await ollama.identify(askOf(server.url, ollama.paths))).toBe("ollama 0.0.0");
  const other = await startStub({ ...recorded("llamacpp-root-404"), request: "GET /api/version" });
  expect(await ollama.identify(askOf(other.url, ollama.paths))).toBeUndefined();
});

test("with nothing loaded has no worker, and says what it has on disk", async () => {
  const server = await startStub("ollama-ps-none", "ollama-tags");
  expect(await readerOf(ollama, server)()).toEqual({
    hasManyModels: true,
    readings: [],
    cold: [
      { model: "big-c:latest", bytes: 672_317_659 },
      { model: NAME, bytes: 401_591 },
    ],
  });
});

test("has not on disk what it would have computed elsewhere", async () => {
  const tags = recorded("ollama-tags");
  const { models } = tags.body as { models: object[] };
  const remote = {
    name: "gpt-oss:120b-cloud",
    size: 384,
    remote_model: "gpt-oss:120b",
    remote_host: "https://ollama.com",
  };
  const server = await startStub("ollama-ps-none", { ...tags, body: { models: [remote, ...models] } });
  const { cold } = await readerOf(ollama, server)();
  expect(cold?.map((one) => one.model)).toEqual(["big-c:latest", NAME]);
});

test("has a worker for a loaded model, which is not on disk alone any more; its runner says how much it does", async () => {
  clockAt("2026-11-28T14:52:00Z");
  const server = await startStub("ollama-ps-loaded", "ollama-tags");
  const idle = await readerOf(ollama, server, { runners: [await runnerWith("llamacpp-slots-idle")] })();
  const reading = { model: NAME, state: "Idle", health: "healthy", running: 0, slots: 2, pid: RUNNER.pid };
  expect(idle).toEqual({
    hasManyModels: true,
    readings: [reading],
    cold: [{ model: "big-c:latest", bytes: 672_317_659 }],
  });
  const busy = await readerOf(ollama, server, { runners: [await runnerWith("llamacpp-slots-busy")] })();
  expect(busy.readings).toEqual([{ ...reading, state: "Busy", running: 2 }]);
});

test.each([
  ["of its own engine", RUNNER, "llamacpp-slots-loading"],
  ["of an old one, which is not asked", OLD_RUNNER, undefined],
])("has a worker without a name while a runner %s loads", async (_which, process, slots) => {
  const server = await startStub("ollama-ps-loading", "ollama-tags");
  const runner: { process: typeof process; stub: StubServer } = {
    process,
    stub: await startStub(...(slots === undefined ? [] : [slots])),
  };
  expect(await statesOf(readerOf(ollama, server, { runners: [runner] }))).toEqual(["null Loading"]);
});

test("without a runner's word is Busy when the time to unload has passed", async () => {
  clockAt("2026-11-28T14:54:20Z");
  const server = await startStub("ollama-ps-busy-expired", "ollama-tags");
  expect(await statesOf(readerOf(ollama, server))).toEqual(["big-c:latest Busy"]);
});

test("without a runner's word is Busy when the time to unload slides along with the clock", async () => {
  const advance = clockAt("2026-11-28T14:52:00Z");
  const server = await startStub(loadedUntil(Date.now() + 8000), "ollama-tags");
  const read = readerOf(ollama, server);
  expect(await statesOf(read)).toEqual([`${NAME} Idle`]);
  advance(5000);
  server.answerWith(loadedUntil(Date.now() + 8000));
  expect(await statesOf(read)).toEqual([`${NAME} Busy`]);
  advance(5000);
  expect(await statesOf(read)).toEqual([`${NAME} Idle`]);
});

test("with several models takes its runners' word where they agree, and else goes by the time to unload", async () => {
  clockAt("2026-11-28T14:52:00Z");
  const idle = "llamacpp-slots-idle";
  const busy = "llamacpp-slots-busy";
  for (const [both, states] of [
    [
      [idle, idle],
      ["Idle", "Idle"],
    ],
    [
      [busy, busy],
      ["Busy", "Busy"],
    ],
    [
      [idle, busy],
      ["Idle", "Idle"],
    ],
  ] as const) {
    const server = await startStub(loadedUntil(Date.now() + 8000, 2), "ollama-tags");
    const runners = await Promise.all(both.map((slots, at) => runnerWith(slots, { ...RUNNER, pid: at + 1 })));
    const { readings } = await readerOf(ollama, server, { runners })();
    expect(readings.map(({ state }) => state)).toEqual(states);
  }
});

test("with a model that was pulled anew while it was loaded has one worker for its name: both are listed", async () => {
  clockAt("2026-11-30T12:32:00Z");
  const server = await startStub("ollama-ps-same-name-twice", "ollama-tags");
  expect(await statesOf(readerOf(ollama, server))).toEqual(["tiny:latest Idle", "slow:latest Idle"]);
});

test("whose runner does not answer is read all the same", async () => {
  clockAt("2026-11-28T14:52:00Z");
  const server = await startStub("ollama-ps-loaded", "ollama-tags");
  const runner = await runnerWith("llamacpp-slots-idle");
  await runner.stub.close();
  expect(await statesOf(readerOf(ollama, server, { runners: [runner] }))).toEqual([`${NAME} Idle`]);
});

test("whose runners may sleep asks none of them, which would wake them", async () => {
  clockAt("2026-11-28T14:52:00Z");
  const server = await startStub("ollama-ps-loaded", "ollama-tags");
  const process = { ...RUNNER, environment: { LLAMA_ARG_SLEEP_IDLE_SECONDS: "60" } };
  const runners = [{ process, stub: await startStub() }];
  expect(await statesOf(readerOf(ollama, server, { runners }))).toEqual([`${NAME} Idle`]);
});

test("does not load a model while it looks for GPUs, with a runner that has none", async () => {
  const server = await startStub("ollama-ps-none", "ollama-tags");
  const process = processOf(
    "/usr/lib/ollama/llama-server --port 53443 --host 127.0.0.1 --no-webui --offline --verbose",
  );
  const runners = [{ process, stub: await startStub() }];
  expect(await statesOf(readerOf(ollama, server, { runners }))).toEqual([]);
});

test("is asked what is on disk once in a while", async () => {
  const server = await startStub("ollama-ps-none", "ollama-tags");
  const read = readerOf(ollama, server);
  const first = await read();
  expect(await read()).toEqual(first);
  expect(server.requests).toEqual(["GET /api/ps", "GET /api/tags", "GET /api/ps"]);
});

test("that is slow to say what is on disk is read all the same", async () => {
  clockAt("2026-11-28T14:52:00Z");
  const server = await startStub("ollama-ps-loaded", { ...recorded("ollama-tags"), body: "x".repeat(2 ** 20 + 1) });
  expect(await statesOf(readerOf(ollama, server))).toEqual([`${NAME} Idle`]);
});

test("whose answer cannot be read is in Error, and not one without a model", async () => {
  const server = await startStub({ ...recorded("ollama-ps-none"), body: "<html>" });
  const { readings } = await readerOf(ollama, server)();
  expect(readings).toEqual([{ model: null, state: "Error", health: "what it answers to /api/ps cannot be read" }]);
});

test("that fails is in Error", async () => {
  const server = await startStub({ ...recorded("ollama-ps-none"), status: 500 });
  const { readings } = await readerOf(ollama, server)();
  expect(readings).toEqual([{ model: null, state: "Error", health: "it answers 500 to /api/ps" }]);
});

test.each([
  ["0.0.0.0", undefined],
  [":11435", 11_435],
  ["0.0.0.0:11435", 11_435],
  ["http://[::1]:11435/", 11_435],
  ["http://gpu-01:11435/ollama", 11_435],
  ['"0.0.0.0:11435" ', 11_435],
  ["::1", undefined],
  ["[::1]", undefined],
  ["http://0.0.0.0", 80],
  ["https://gpu-01/", 443],
  ["", undefined],
])("OLLAMA_HOST=%s is port %s", (host, port) => {
  expect(ollama.program?.portOf(processOf("ollama serve", { OLLAMA_HOST: host }))).toBe(port);
});
