import { describe, expect, test } from "vitest";
import { clockAt, RUNNER, runnerWith, statesOf } from "../../../test/ollama-runners.ts";
import { type Recorded, readerOf, recorded, startStub } from "../../../test/stub-server.ts";
import { ollama } from "./ollama.ts";

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
