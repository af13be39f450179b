import { readFileSync } from "node:fs";
import { pino } from "pino";
import { expect, test } from "vitest";
import { hostWithEachKind } from "../test/each-kind.ts";
import { fakeProc } from "../test/fake-proc.ts";
import { startStub, written } from "../test/stub-server.ts";
import type { BeatSource } from "./heartbeats.ts";
import { onceJson, onceText, readOnce } from "./once.ts";
import type { Telemetry } from "./telemetry/watch.ts";
import type { Proc } from "./workers/proc.ts";
import { WorkerWatch } from "./workers/watch.ts";

const README = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");

const NO_KEYS = new Map<string, string>();

async function onceOn(
  proc: Proc,
  { named = [], more = [], gpuProblems = [] }: { named?: URL[]; more?: BeatSource[]; gpuProblems?: string[] } = {},
) {
  const workers = new WorkerWatch({
    discover: true,
    configured: named.map((base) => ({ kind: "openai" as const, base })),
    keys: () => NO_KEYS,
    timeoutMs: 5000,
    advertiseHost: "",
    log: pino({ level: "silent" }),
    proc,
    gpus: () => undefined,
  });
  return readOnce("gpu-01", [...more, workers], () => workers.leftOut, gpuProblems);
}

const GPU = {
  index: 0,
  uuid: "GPU-5a2e",
  memory_total_bytes: 24 * 2 ** 30,
  memory_used_bytes: 9 * 2 ** 30,
  utilization_percent: 37,
  temperature_celsius: 61,
  power_watts: 231.5,
  asleep: false,
};
const HOST = { memory_total_bytes: 64 * 2 ** 30, memory_used_bytes: 20 * 2 ** 30, cpu_percent: null };
const telemetryOf = (telemetry: Partial<Telemetry>): BeatSource => ({ latest: () => telemetry });

const inOneLine = (text: string): string => text.replace(/ +/g, " ");

test("shows a person what the README shows, of a host with each kind of server", async () => {
  const { proc, named, names } = await hostWithEachKind();
  const telemetry = telemetryOf({ gpus: [GPU, { ...GPU, index: 1, asleep: true }], host: HOST });
  let text = onceText(await onceOn(proc, { named: [named], more: [telemetry] }), "http://queen.example:8500");
  for (const [actual, shown] of names) text = text.replaceAll(actual, shown);
  const [, block] = /```\n(hive gpu-01 would send.*?)```/s.exec(README) ?? [];
  expect(inOneLine(text)).toBe(inOneLine(block ?? ""));
});

test("gives a program the body of the heartbeat alone, and says beside it what is left out", async () => {
  const { proc } = await hostWithEachKind();
  const { stdout, stderr } = onceJson(await onceOn(proc));
  const { workers, models_on_disk, ...beat } = JSON.parse(stdout);
  expect(beat).toEqual({ hive_id: "gpu-01", timestamp: expect.any(String), read_at: expect.any(String) });
  expect([workers.length, models_on_disk.length]).toEqual([6, 3]);
  expect(stderr.trim().split("\n")).toEqual([
    "hive: vllm (pid 360) is left out: it is in a container, and no docker-proxy publishes its port 8000: name it with HIVE_WORKERS",
  ]);
});

test("says of GPUs what is known, and that they could not be read", async () => {
  const { proc } = fakeProc([]);
  const linesOf = async (telemetry: Partial<Telemetry>) =>
    onceText(await onceOn(proc, { more: [telemetryOf(telemetry)] }), "http://queen")
      .split("\n")
      .slice(4, -1);
  const unknown = { memory_used_bytes: null, utilization_percent: null, temperature_celsius: null, power_watts: null };
  expect(await linesOf({ gpus: [{ ...GPU, ...unknown }], host: HOST })).toEqual([
    "gpu 0: ? of 24.0 GB of memory",
    "host: 20.0 of 64.0 GB of memory",
  ]);
  expect(await linesOf({ host: HOST })).toEqual(["GPUs could not be read", "host: 20.0 of 64.0 GB of memory"]);
});

test("shows by their codes what a server says that would steer a terminal or end a line", async () => {
  const server = await startStub(written("GET /v1/models", { data: [{ id: "a\u001b[2J\n\u202eb" }] }));
  const once = await onceOn(fakeProc([]).proc, { named: [server.url] });
  const shown = "a\\u001b[2J\\u000a\\u202eb";
  expect(onceText(once, "http://queen")).toContain(`Idle   -        ${shown}  openai`);
  const { stdout } = onceJson(once);
  expect(stdout).toContain("\\u202eb");
  expect(JSON.parse(stdout).workers[0].model_id).toBe("a\u001b[2J\n\u202eb");
});

test("says of a server without a loaded model that none is", async () => {
  const server = await startStub("ollama-version", "ollama-ps-none", "ollama-tags");
  const process = { pid: 10, commandLine: "ollama serve", listens: [`127.0.0.1:${server.port}`] };
  const text = onceText(await onceOn(fakeProc([process]).proc), "http://queen");
  expect(text).toContain("No worker: no model is loaded.\n\nOn disk, loaded when asked for:\n  big-c:latest");
});

test("says where to read on when there is no server", async () => {
  const text = onceText(await onceOn(fakeProc([]).proc), "http://queen.example:8500");
  expect(text).toBe(`hive gpu-01 would send to http://queen.example:8500:

No worker: docs/workers.md says which servers are found, and how to name others.
`);
});

test("shows where a server is that answers below a path", async () => {
  const { port, close } = await startStub();
  await close();
  const commandLine = `llama-server --api-prefix /llm --port ${port}`;
  const textOn = async (address: string) =>
    onceText(await onceOn(fakeProc([{ pid: 10, commandLine, listens: [`${address}:${port}`] }]).proc), "http://queen");
  expect(await textOn("0.0.0.0")).toContain(`  at http://<this host>:${port}/llm  `);
  expect(await textOn("[::1]")).toContain(`  at http://[::1]:${port}/llm, from this host alone  `);
});

test("says why GPUs could not be read", async () => {
  const problem = "nvidia-smi exited with 18: Driver/library version mismatch";
  const once = await onceOn(fakeProc([]).proc, { more: [telemetryOf({ host: HOST })], gpuProblems: [problem] });
  expect(onceText(once, "http://queen")).toContain(`GPUs could not be read
host: 20.0 of 64.0 GB of memory

GPUs may be missing:
  ${problem}
`);
  expect(onceJson(once).stderr).toBe(`hive: GPUs may be missing: ${problem}\n`);
});
