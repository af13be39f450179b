import { QueenClient } from "@repo/queen-client";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { hivectl } from "./hivectl.ts";
import { queenForAll } from "./queen.ts";

const GB = 2 ** 30;
const queen = queenForAll();
let client: QueenClient;

beforeAll(async () => {
  client = new QueenClient({ url: queen.url });
  await client.addHive({ id: "gpu-01", host: "127.0.0.1", port: 1, labels: { env: "prod" } });
  await client.addHive({ id: "gpu-02", host: "127.0.0.1", port: 2, labels: { env: "dev" } });
});

/** Two hives with a worker for one model, of which only the first measures its GPUs, and has another model on disk. What was handed out before is forgotten. */
beforeEach(async () => {
  const gpus = [{ index: 0, memory_total_bytes: 80 * GB, memory_used_bytes: 20 * GB, utilization_percent: 50 }];
  const models_on_disk = [{ model: "phi-3", bytes: 4 * GB, port: 11_434, reachable: "all" as const }];
  await beat("gpu-01", "cuda", { gpus, models_on_disk });
  await beat("gpu-02", "rocm");
});

const beat = (hive_id: string, backend: string, more: object = {}) => {
  const timestamp = new Date().toISOString();
  const worker = {
    worker_id: "w1",
    state: "Idle",
    health_status: "healthy",
    model_id: "llama-3-8b",
  } as const;
  const place = {
    device_id: 0,
    port: 8080,
    reachable: "all",
    running: 0,
    slots: 4,
    backend,
    last_heartbeat: timestamp,
  } as const;
  return client.sendHeartbeat({ hive_id, timestamp, workers: [{ ...worker, ...place }], ...more });
};
const best = (...args: string[]) => hivectl(["best", ...args], { QUEEN_URL: queen.url });
const linesOf = (text: string) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => line.split(/ {2,}/));

test("best is one line: the worker to send work to, and where it is", async () => {
  const { code, stdout, stderr } = await best("llama-3-8b");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(linesOf(stdout)).toEqual([
    ["HIVE", "WORKER", "STATE", "MODEL", "RUNNING", "URL"],
    ["gpu-01", "w1", "Idle", "llama-3-8b", "0/4", "http://127.0.0.1:8080"],
  ]);
});

test("only where so much memory is free, where that is asked for", async () => {
  expect(await best("llama-3-8b", "--min-free-vram-gb", "60")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("gpu-01"),
  });
  expect(await best("llama-3-8b", "--min-free-vram-gb", "60.5")).toMatchObject({ code: 1, stdout: "" });
});

test("to ask is to take: whoever asks next gets another one", async () => {
  const hives = [await best("llama-3-8b", "--json"), await best("llama-3-8b", "--json")];
  expect(hives.map(({ stdout }) => JSON.parse(stdout).hive_id)).toEqual(["gpu-01", "gpu-02"]);
});

test.each([
  [["--backend", "rocm"], "gpu-02/w1"],
  [["-l", "env=dev"], "gpu-02/w1"],
  [["-l", "env", "-l", "env!=prod"], "gpu-02/w1"],
  [["--min-free-vram-gb", "60"], "gpu-01/w1"],
])("the best with %j is %s", async (args, worker) => {
  expect(await best("llama-3-8b", "-o", "name", ...args)).toEqual({ code: 0, stdout: `${worker}\n`, stderr: "" });
});

test("as data it is what the queen answers, one thing and no list", async () => {
  const { stdout } = await best("llama-3-8b", "--json", "--backend", "rocm");
  expect(JSON.parse(stdout)).toEqual(await client.findBestWorker({ model: "llama-3-8b", backend: "rocm" }));
  expect((await best("llama-3-8b", "-o", "yaml")).stdout).toMatch(/^worker_id: w1$/m);
});

test("with --cold, where there is no worker, it is a hive that has the model on disk", async () => {
  const cold = await best("phi-3", "--cold");
  expect(linesOf(cold.stdout)[1]).toEqual(["gpu-01", "-", "Cold", "phi-3", "-", "http://127.0.0.1:11434"]);
  expect(await best("phi-3", "--cold", "-o", "name")).toMatchObject({ code: 0, stdout: "gpu-01\n" });
});

test("where there is none, the queen's reason is said, what to look at next, and the code is 1", async () => {
  expect(await best("phi-3")).toEqual({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(
      /^hivectl: NO_WORKER: No hive has a worker for the model "phi-3"; there are some for "llama-3-8b".*\nhivectl: `hivectl get workers` .*\n$/,
    ),
  });
  await client.cordonHive("gpu-02", { reason: "new fans" });
  expect(await best("llama-3-8b", "--backend", "rocm")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("1 cordoned, 1 of another backend"),
  });
});

test.each([[[]], [["llama-3-8b", "--min-free-vram-gb", "much"]], [["llama-3-8b", "phi-3"]]])(
  "best %j is a wrong call",
  async (args) => expect(await best(...args)).toMatchObject({ code: 2, stdout: "" }),
);
