import { readFileSync } from "node:fs";
import { pino } from "pino";
import { expect, test } from "vitest";
import { hostWithEachKind } from "../test/each-kind.ts";
import { fakeProc } from "../test/fake-proc.ts";
import { onceJson, onceText, readOnce } from "./once.ts";
import type { Proc } from "./workers/proc.ts";
import { WorkerWatch } from "./workers/watch.ts";

const README = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");

async function onceOn(proc: Proc, named: URL[] = []) {
  const workers = new WorkerWatch({
    discover: true,
    configured: named.map((base) => ({ kind: "openai" as const, base })),
    keys: new Map(),
    timeoutMs: 5000,
    advertiseHost: "",
    log: pino({ level: "silent" }),
    proc,
    gpus: () => undefined,
  });
  return readOnce("gpu-01", [workers], () => workers.leftOut);
}

const inOneLine = (text: string): string => text.replace(/ +/g, " ");

test("shows a person what the README shows, of a host with each kind of server", async () => {
  const { proc, named, names } = await hostWithEachKind();
  let text = onceText(await onceOn(proc, [named]), "http://queen.example:8500");
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

test("says where to read on when there is no server", async () => {
  const text = onceText(await onceOn(fakeProc([]).proc), "http://queen.example:8500");
  expect(text).toBe(`hive gpu-01 would send to http://queen.example:8500:

No worker: docs/workers.md says which servers are found, and how to name others.
`);
});
