import { describe, expect, onTestFinished, test, vi } from "vitest";
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

const RUNNER = processOf("/usr/lib/ollama/llama-server --model /blobs/sha256-1 --port 40001");
const OLD_RUNNER = processOf("/usr/bin/ollama runner --model /blobs/sha256-1 --port 40001");
const NAME = "tiny-a:latest";

/** Date stands still at a time before the recorded model was to be unloaded; the tests move it. */
function clockAt(time: string): (ms: number) => void {
  vi.useFakeTimers({ now: Date.parse(time), toFake: ["Date"] });
  onTestFinished(() => void vi.useRealTimers());
  return (ms) => void vi.setSystemTime(Date.now() + ms);
}

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

async function runnerWith(slots: string, process = RUNNER) {
  return { process, stub: await startStub(slots) };
}

const statesOf = async (read: ReturnType<typeof readerOf>) =>
  (await read()).readings.map(({ model, state }) => `${model} ${state}`);

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

describe("of two models", () => {
  const first = { ...RUNNER, pid: 11 };
  const second = { ...RUNNER, pid: 12 };
  /** One is loaded, then another beside it, and then the first is unloaded; each with its runner. */
  const [slow, tiny] = (recorded("ollama-ps-two").body as { models: object[] }).models;
  const loaded = (...models: unknown[]): Recorded => ({ ...recorded("ollama-ps-two"), body: { models } });
  const unknown = ["slow:latest", "tiny:latest"].map((model) => ({ model, state: "Idle", health: "healthy" }));

  test("that were loaded one after the other each has its own runner, whose slots say how busy it is", async () => {
    clockAt("2026-11-30T12:32:00Z");
    const server = await startStub(loaded(tiny), "ollama-tags");
    const runners = [await runnerWith("llamacpp-slots-idle", first)];
    const read = readerOf(ollama, server, { runners });
    await read();
    server.answerWith(loaded(slow, tiny));
    runners.push(await runnerWith("llamacpp-slots-busy", second));
    const idle = { model: "tiny:latest", state: "Idle", health: "healthy", running: 0, slots: 2, pid: 11 };
    const busy = { ...idle, model: "slow:latest", state: "Busy", running: 2, pid: 12 };
    expect((await read()).readings).toEqual([busy, idle]);
    runners[0]?.stub.answerWith("llamacpp-slots-busy");
    runners[1]?.stub.answerWith("llamacpp-slots-idle");
    const other = { ...busy, state: "Idle", running: 0 };
    expect((await read()).readings).toEqual([other, { ...idle, state: "Busy", running: 2 }]);
    server.answerWith(loaded(slow));
    runners.shift();
    expect((await read()).readings).toEqual([other]);
  });

  test("that were loaded before the agent started, or at once, it is not known which runner is whose, until one of them is unloaded", async () => {
    clockAt("2026-11-30T12:32:00Z");
    const server = await startStub(loaded(slow, tiny), "ollama-tags");
    const runners = [await runnerWith("llamacpp-slots-idle", first), await runnerWith("llamacpp-slots-busy", second)];
    const read = readerOf(ollama, server, { runners });
    const told = async () => (await read()).readings.map(({ model, state, slots, pid }) => [model, state, slots, pid]);
    const both = ["slow:latest", "tiny:latest"].map((model) => [model, "Idle", undefined, undefined]);
    expect(await told()).toEqual(both);
    server.answerWith(loaded(slow, tiny, { ...(tiny as object), name: "third" }));
    runners.push(await runnerWith("llamacpp-slots-busy", { ...RUNNER, pid: 13 }));
    expect(await told()).toEqual([...both, ["third", "Busy", 2, 13]]);
    server.answerWith(loaded(tiny));
    runners.shift();
    expect(await told()).toEqual([["tiny:latest", "Busy", 2, 12]]);
  });

  test("of which the runner of one has ended, it is not known whose that was until there is another for it", async () => {
    clockAt("2026-11-30T12:32:00Z");
    const server = await startStub(loaded(tiny), "ollama-tags");
    const runners = [await runnerWith("llamacpp-slots-idle", first)];
    const read = readerOf(ollama, server, { runners });
    expect((await read()).readings).toMatchObject([{ pid: 11 }]);
    runners.shift();
    expect((await read()).readings).toEqual([{ model: "tiny:latest", state: "Idle", health: "healthy" }]);
    runners.push(await runnerWith("llamacpp-slots-busy", second));
    expect((await read()).readings).toMatchObject([{ state: "Busy", pid: 12 }]);
  });

  test("of which one loads, the runner is not taken for the other's; of which one was unloaded, not for one that loads", async () => {
    clockAt("2026-11-30T12:32:00Z");
    const server = await startStub(loaded(tiny), "ollama-tags");
    const runners = [
      await runnerWith("llamacpp-slots-idle", first),
      await runnerWith("llamacpp-slots-loading", second),
    ];
    const read = readerOf(ollama, server, { runners });
    expect((await read()).readings).toMatchObject([
      { model: "tiny:latest", pid: 11 },
      { model: null, state: "Loading" },
    ]);
    runners[1]?.stub.answerWith("llamacpp-slots-idle");
    server.answerWith(loaded(slow, tiny));
    expect((await read()).readings).toMatchObject([{ pid: 12 }, { pid: 11 }]);
    server.answerWith(loaded(slow));
    expect((await read()).readings).toMatchObject([{ model: "slow:latest", pid: 12 }]);
  });

  test("of which one was loaded anew, by another runner, neither is told by that of the other, and none loads", async () => {
    clockAt("2026-11-30T12:32:00Z");
    const server = await startStub(loaded(slow, tiny), "ollama-tags");
    const runners = [await runnerWith("llamacpp-slots-idle", first), await runnerWith("llamacpp-slots-idle", second)];
    const read = readerOf(ollama, server, { runners });
    await read();
    runners[0] = await runnerWith("llamacpp-slots-busy", { ...RUNNER, pid: 13 });
    expect((await read()).readings).toEqual(unknown);
  });

  test("of which one has no runner, that of the other is not taken for both, and none loads", async () => {
    clockAt("2026-11-30T12:32:00Z");
    const server = await startStub(loaded(slow, tiny), "ollama-tags");
    const runners = [await runnerWith("llamacpp-slots-busy", first)];
    expect((await readerOf(ollama, server, { runners })()).readings).toEqual(unknown);
  });

  test("of which one was pulled anew and loaded beside the other, its name is told with the runner of the newer one", async () => {
    clockAt("2026-11-30T12:32:00Z");
    const [newer, , older] = (recorded("ollama-ps-same-name-twice").body as { models: object[] }).models;
    const server = await startStub(loaded(older), "ollama-tags");
    const runners = [await runnerWith("llamacpp-slots-idle", first)];
    const read = readerOf(ollama, server, { runners });
    await read();
    server.answerWith(loaded(newer, older));
    runners.push(await runnerWith("llamacpp-slots-busy", second));
    const { readings } = await read();
    expect(readings).toHaveLength(1);
    expect(readings).toMatchObject([{ model: "tiny:latest", state: "Busy", pid: 12 }]);
  });

  test.each(["ollama-ps-two", "ollama-0.6.5-ps-two"])("as %s has them each is a worker", async (name) => {
    clockAt("2026-11-30T12:32:00Z");
    const server = await startStub(name, "ollama-tags");
    expect(await statesOf(readerOf(ollama, server))).toEqual(["slow:latest Idle", "tiny:latest Idle"]);
  });
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
