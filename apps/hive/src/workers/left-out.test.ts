import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { fakeProc } from "../../test/fake-proc.ts";
import { startStub, withoutKey, written } from "../../test/stub-server.ts";
import { llama, watch } from "../../test/watched-host.ts";
import { ADAPTERS } from "./adapters.ts";
import { ServerFinder } from "./find.ts";

// Of a server of which nothing is told it is said why.

const MODELS = "GET /v1/models";
const html = written(MODELS, "<html>welcome</html>");

test.each([
  ["that answers something else than a list", html, /^what answers on port \d+ is no openai$/],
  ["that lists nothing", written(MODELS, { object: "list", data: [] }), /^it has no model$/],
  ["that lists null, as Ollama does", written(MODELS, { object: "list", data: null }), /^it has no model$/],
])("a server that is named and %s", async (_what, answer, why) => {
  const server = await startStub(answer);
  const { read, workers } = watch([], { named: `openai=${server.url}` });
  for (const _ of [1, 2]) {
    expect((await read()).workers).toEqual([]);
    expect(workers.leftOut).toEqual([{ what: server.url.href, why: expect.stringMatching(why) }]);
  }
});

test("an Ollama without any model, and one that had none and is silent", async () => {
  const server = await startStub("ollama-version", "ollama-ps-none", written("GET /api/tags", { models: [] }));
  const { read, workers } = watch([llama(server, { commandLine: "ollama serve" })]);
  await read();
  expect(workers.leftOut).toEqual([{ what: "ollama (pid 10)", why: "it has no model" }]);
  await server.close();
  await read();
  expect(workers.leftOut).toMatchObject([{ why: expect.stringMatching(/^it does not answer: connect ECONNREFUSED/) }]);
});

test("one that refuses every question may want a key", async () => {
  const server = await startStub(withoutKey(MODELS), withoutKey("GET /version"));
  const { read, workers } = watch([llama(server, { commandLine: `vllm serve a --port ${server.port}` })]);
  expect((await read()).workers).toEqual([]);
  const why = `what answers on port ${server.port} is no vllm, or it wants a key: see HIVE_WORKER_KEYS_FILE`;
  expect(workers.leftOut).toMatchObject([{ why }]);
});

test("one that slow ones have kept from being asked", async () => {
  const silent = await Promise.all(Array.from({ length: 4 }, () => startSilent()));
  const well = await startStub();
  const named = [...silent.map(({ url }) => url), well.url.href].map((url) => `openai=${url}`).join();
  const { workers } = watch([], { named, timeoutMs: 60_000 });
  const reading = workers.refresh();
  await Promise.all(silent.map(({ isAsked }) => isAsked));
  workers.stop();
  await reading;
  expect(workers.leftOut).toEqual([{ what: well.url.href, why: "it was not asked yet: others before it are slow" }]);
});

test.each([
  ["vllm serve a --uds /run/a.sock", /^it listens on a Unix socket/],
  ["llama-server --host /run/a.sock", /^it listens on a Unix socket/],
  ["llama-server --host /run/a.sock,/run/b.sock", /^it listens on a Unix socket/],
  ["vllm serve a --headless", /^it works for a vLLM on another host/],
  ["vllm serve a -asc 0", /^it works for a vLLM on another host/],
  ["python -m sglang.launch_server --node-rank 1", /^it works for an SGLang on another host/],
  ["vllm serve a --grpc", /^it speaks gRPC/],
  ["python -m sglang.launch_server --grpc-mode", /^it speaks gRPC/],
  ["sglang serve a --smg-grpc-mode", /^it speaks gRPC/],
  ["vllm serve a --data-parallel-multi-port-external-lb", /^each of its ranks has a port: name them/],
])("%j, which nobody asks over HTTP at the port that it was told", async (commandLine, why) => {
  const { read, workers } = watch([{ pid: 10, commandLine }]);
  expect((await read()).workers).toEqual([]);
  expect(workers.leftOut).toEqual([{ what: expect.any(String), why: expect.stringMatching(why) }]);
});

test.each([
  "llama-server --ssl-key-file k.pem --port",
  "vllm serve a --ssl-keyfile=k.pem --port",
  "vllm-rs serve a --ssl-certfile both.pem --port",
  "python -m sglang.launch_server --ssl-keyfile k.pem --port",
])("%s: one that speaks TLS is to be named", async (commandLine) => {
  const server = await startStub();
  await server.close();
  const { read } = watch([llama(server, { commandLine: `${commandLine} ${server.port}` })]);
  expect((await read()).workers).toMatchObject([
    { health_status: expect.stringContaining("name it with HIVE_WORKERS") },
  ]);
});

test("an Ollama that listens elsewhere, by variables that are not to be seen, when it has had the time to begin", async () => {
  const ollama = { pid: 10, commandLine: "ollama serve", hidesSockets: true, startTime: 1000 };
  const leftOutAt = async (uptimeSeconds: number) =>
    (await new ServerFinder(fakeProc([ollama], uptimeSeconds).proc, ADAPTERS).find()).leftOut;
  expect(await leftOutAt(60)).toEqual([]);
  const why = expect.stringMatching(
    /^it does not listen on port 11434, 2 minutes after its start: name it with HIVE_W/,
  );
  expect(await leftOutAt(200)).toEqual([{ what: "ollama (pid 10)", why }]);
});

test("models beyond the number that is told of", async () => {
  const ids = Array.from({ length: 40 }, (_, at) => ({ id: `m${at}` }));
  const server = await startStub(written(MODELS, { data: ids }));
  const { read, workers } = watch([], { named: `openai=${server.url}` });
  expect((await read()).workers).toHaveLength(32);
  expect(workers.leftOut).toEqual([{ what: `${server.url}, the rest of its models`, why: "there are more than 32" }]);
});

test("who was silent is asked beside the others, and not before them", async () => {
  const asked: string[] = [];
  const silent = await Promise.all(Array.from({ length: 8 }, () => startSilent(() => void asked.push("silent"))));
  const well = await startSilent((response) => {
    asked.push("well");
    response.end(JSON.stringify({ data: [{ id: "a" }] }));
  });
  const named = [...silent, well].map(({ url }) => `openai=${url}`).join();
  const { read } = watch([], { named, timeoutMs: 200 });
  await read();
  asked.length = 0;
  await read();
  expect(asked.indexOf("well")).toBeLessThan(4);
});

const LIST = JSON.stringify({ data: [{ id: "a" }] });

test("who is asked when the time of a reading is nearly over is not taken for silent, and is among the first in the next", async () => {
  const held: ServerResponse[] = [];
  let isLate = true;
  const slow = await Promise.all(
    Array.from({ length: 4 }, () =>
      startSilent((response) => {
        held.push(response);
        if (held.length === 4) for (const one of held.splice(0)) one.end(LIST);
      }),
    ),
  );
  const well = await startSilent((response) => void (isLate || response.end(LIST)));
  const named = [...slow, well].map(({ url }) => `openai=${url}`).join();
  const { read, workers } = watch([], { named, timeoutMs: 60_000, readingTimeoutMs: 500 });
  await read();
  await well.isAsked;
  expect(workers.leftOut).toEqual([{ what: well.url, why: "it was not asked yet: others before it are slow" }]);
  isLate = false;
  const healthy = (await read()).workers.filter(({ health_status }) => health_status === "healthy");
  expect(healthy.map(({ port }) => port)).toContain(Number(new URL(well.url).port));
});

test("who was silent is heard again, however slow the others are", async () => {
  let isSlow = false;
  const slow = await Promise.all(
    Array.from({ length: 4 }, () => startSilent((response) => void (isSlow || response.end(LIST)))),
  );
  const back = await startSilent((response) => (isSlow ? response.end(LIST) : response.destroy()));
  const named = [...slow, back].map(({ url }) => `openai=${url}`).join();
  const { read } = watch([], { named, timeoutMs: 60_000, readingTimeoutMs: 500 });
  const port = Number(new URL(back.url).port);
  const healthOf = async () => (await read()).workers.find((worker) => worker.port === port)?.health_status;
  expect(await healthOf()).toMatch(/^no answer/);
  isSlow = true;
  expect(await healthOf()).toBe("healthy");
});

/** Takes questions, and answers none by itself. */
async function startSilent(answer: (response: ServerResponse) => void = () => undefined) {
  let asked: () => void = () => undefined;
  const isAsked = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const server = createServer((_request, response) => {
    asked();
    answer(response);
  });
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, isAsked };
}
