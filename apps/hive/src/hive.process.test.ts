import { existsSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { eventually, fakeProgram, newHive, startHive, startQueenDouble, temporaryFolder } from "./testing.ts";

const cpu = { cores: os.availableParallelism(), ram_gb: Math.round(os.totalmem() / 1024 ** 3) };
/** fetch contacts nobody on port 1. */
const NO_QUEEN = { HIVE_QUEEN: "http://127.0.0.1:1" };

test("reports this machine's CPU and eight GPUs", async () => {
  const uuid = (index: number) => `GPU-0000000${index}-c9ae-1f5d-9d2a-cbcb4a7b8d7c`;
  const lines = Array.from(
    { length: 8 },
    (_, index) =>
      `echo "${index}, NVIDIA H100 80GB HBM3, 81559, ${uuid(index)}, 00000000:1${index}:00.0, 4, 0, 31, 70.25"`,
  );
  const path = temporaryFolder();
  fakeProgram(
    path,
    "nvidia-smi",
    `case "$1" in --query-gpu=index,name,memory.total,*) ;; *) exit 1;; esac\n${lines.join("\n")}`,
  );
  const told = { name: "NVIDIA H100 80GB HBM3", vram_gb: 80, vendor: "nvidia", backend: "cuda" };
  const gpus = Array.from({ length: 8 }, (_, index) => ({ index, ...told, uuid: uuid(index) }));
  const answer = await fetch(`${await startHive(NO_QUEEN, path)}/v1/devices`);
  expect(await answer.json()).toEqual({ cpu, gpus });
});

test("reads its devices at its start, before anybody asks", async () => {
  const path = temporaryFolder();
  fakeProgram(path, "nvidia-smi", 'echo > "$0.asked"; echo "0, A, 1024"');
  await startHive(NO_QUEEN, path);
  await eventually(() => (existsSync(join(path, "nvidia-smi.asked")) ? true : undefined), "a reading");
});

test("one that is stopped while it starts does not listen, and that is no failure, also where its port is taken", async () => {
  const { port } = new URL((await startQueenDouble()).url);
  const hive = newHive({ ...NO_QUEEN, HIVE_PORT: port }, temporaryFolder());
  const listening = hive.listen();
  await hive.stop();
  expect(await listening).toBeUndefined();
});

/** The beats of an agent with one GPU, which run fast. */
async function beatsOf(env: NodeJS.ProcessEnv): Promise<Record<string, unknown>[]> {
  const queen = await startQueenDouble();
  const path = temporaryFolder();
  fakeProgram(path, "nvidia-smi", 'echo "0, NVIDIA L4, 23034, GPU-5a2e, 00000000:01:00.0, 1024, 37, 61, 31.50"');
  await startHive({ HIVE_ID: "hive-7", HIVE_QUEEN: queen.url, HIVE_BEAT_INTERVAL_MS: "100", ...env }, path);
  return queen.beats;
}

const TIME = expect.stringMatching(/^\d{4}-.*Z$/);
const BEAT = { hive_id: "hive-7", timestamp: TIME, read_at: TIME, workers: [] };

test("beats to its queen under its id, and tells what GPUs and host do as soon as that was read", async () => {
  const beats = await beatsOf({});
  const told = await eventually(() => beats.find(({ gpus }) => gpus !== undefined), "a beat with telemetry");
  const gpu = {
    index: 0,
    uuid: "GPU-5a2e",
    memory_total_bytes: 23_034 * 2 ** 20,
    memory_used_bytes: 2 ** 30,
    utilization_percent: 37,
    temperature_celsius: 61,
    power_watts: 31.5,
    asleep: false,
  };
  const host = { memory_total_bytes: os.totalmem(), memory_used_bytes: expect.any(Number) };
  expect(told).toMatchObject({ ...BEAT, gpus: [gpu], host });
});

test("without telemetry it tells its workers, and no more", async () => {
  const beats = await beatsOf({ HIVE_TELEMETRY: "false" });
  await eventually(() => (beats.length >= 5 ? true : undefined), "five beats");
  expect(beats[4]).toMatchObject(BEAT);
  expect(beats.filter((beat) => "gpus" in beat || "host" in beat)).toEqual([]);
});
