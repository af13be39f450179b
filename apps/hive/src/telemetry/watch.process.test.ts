import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pino } from "pino";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { Gpus } from "../devices/gpus.ts";
import { fakeProgram, type LogLine, temporaryFolder } from "../testing.ts";
import { TelemetryWatch } from "./watch.ts";

afterEach(() => void vi.unstubAllEnvs());

const GIB = 2 ** 30;
const MIB = 2 ** 20;
const UUIDS = ["GPU-7ad8cd31-c9ae-1f5d-9d2a-cbcb4a7b8d7c", "GPU-11111111-c9ae-1f5d-9d2a-cbcb4a7b8d7c"];
const LINES = [
  `0, NVIDIA H100 80GB HBM3, 81559, ${UUIDS[0]}, 00000000:4E:00.0, 8704, 37, 61, 231.50`,
  `1, NVIDIA H100 80GB HBM3, 81559, ${UUIDS[1]}, 00000000:4F:00.0, [N/A], [N/A], ERR!, [Unknown Error]`,
];
const FIRST = {
  index: 0,
  uuid: UUIDS[0],
  memory_total_bytes: 81_559 * MIB,
  memory_used_bytes: 8704 * MIB,
  utilization_percent: 37,
  temperature_celsius: 61,
  power_watts: 231.5,
  asleep: false,
};
const UNKNOWN = { memory_used_bytes: null, utilization_percent: null, temperature_celsius: null, power_watts: null };
const SECOND = { ...FIRST, index: 1, uuid: UUIDS[1], ...UNKNOWN };
const HOST = { memory_total_bytes: expect.any(Number), memory_used_bytes: expect.any(Number) };
const H100 = { vendor: "0x10de", class: "0x030200" };
const MI300X = {
  vendor: "0x1002",
  class: "0x120000",
  device: "0x74a1",
  mem_info_vram_total: `${192 * GIB}`,
  mem_info_vram_used: `${3 * GIB}`,
  gpu_busy_percent: "42",
  "hwmon/hwmon5/temp1_input": "54000",
  "hwmon/hwmon5/power1_average": "182500000",
};

/** A watch beside an nvidia-smi that answers both of its questions with those lines, and notes that it was asked. */
function watchBeside({ gpus = LINES, processes = [] as string[] } = {}) {
  const folder = temporaryFolder();
  vi.stubEnv("PATH", folder);
  const answer = (gpus: readonly string[], processes: readonly string[] = []) =>
    fakeProgram(
      folder,
      "nvidia-smi",
      `echo "$1" >> "$0.asked"\ncase "$1" in --query-gpu*) /bin/cat <<'END'\n${gpus.join("\n")}\nEND\n;;\n*) /bin/cat <<'END'\n${processes.join("\n")}\nEND\nesac`,
    );
  answer(gpus, processes);
  const sysfs = join(folder, "sys");
  mkdirSync(join(sysfs, "bus/pci/devices"), { recursive: true });
  const card = (busId: string, driver: string, files: Record<string, string>) => {
    const path = join(sysfs, "bus/pci/devices", busId);
    rmSync(path, { recursive: true, force: true });
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(path, name)), { recursive: true });
      writeFileSync(join(path, name), `${text}\n`);
    }
    symlinkSync(`../../../bus/pci/drivers/${driver}`, join(path, "driver"));
  };
  const lines: LogLine[] = [];
  const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const stopping = new AbortController();
  onTestFinished(() => stopping.abort(new Error("the agent is stopping")));
  const found = new Gpus({ timeoutMs: 20_000, signal: stopping.signal, log, sysfs });
  const watch = new TelemetryWatch({ gpus: found, log, sysfs });
  const asked = () => {
    const path = join(folder, "nvidia-smi.asked");
    const questions = existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
    return questions.map((question) => question.slice(0, question.indexOf("=")));
  };
  const next = async () => {
    await watch.refresh();
    return watch.latest();
  };
  return { folder, found, watch, answer, card, asked, next, messages: () => lines.map(({ msg }) => msg) };
}

test("tells what each GPU and the host do, and what is not known of one is null in that field", async () => {
  const { found, watch, next } = watchBeside();
  expect(watch.latest()).toEqual({});
  await found.read();
  const first = await next();
  expect(first).toEqual({ gpus: [FIRST, SECOND], host: { ...HOST, cpu_percent: null } });
  const { host } = await next();
  expect(host?.memory_used_bytes).toBeLessThan(host?.memory_total_bytes ?? 0);
  expect(host?.cpu_percent).toSatisfy((percent: unknown) => Number(percent) >= 0 && Number(percent) <= 100);
});

test("GPUs beyond those that a queen takes are left out, and the others told", async () => {
  const line = (index: number) =>
    `${index}, NVIDIA H100 80GB HBM3, 81559, GPU-${index}, 00000000:${(16 + index).toString(16)}:00.0, 8704, 37, 61, 231.50`;
  const { found, next } = watchBeside({ gpus: Array.from({ length: 70 }, (_, index) => line(index)) });
  await found.read();
  const told = (await next()).gpus?.map(({ index }) => index);
  expect(told).toEqual(Array.from({ length: 64 }, (_, index) => index));
});

test("of AMD's cards the driver tells", async () => {
  const { found, card, next } = watchBeside({ gpus: ["No devices were found"] });
  card("0000:05:00.0", "amdgpu", MI300X);
  card("0000:06:00.0", "amdgpu", { ...MI300X, gpu_busy_percent: "", "hwmon/hwmon5/power1_average": "" });
  const { "hwmon/hwmon5/power1_average": power, ...newer } = MI300X;
  card("0000:07:00.0", "amdgpu", { ...newer, "hwmon/hwmon5/power1_input": power });
  await found.read();
  const told = { uuid: null, memory_total_bytes: 192 * GIB, memory_used_bytes: 3 * GIB, temperature_celsius: 54 };
  expect((await next()).gpus).toEqual([
    { index: 0, ...told, utilization_percent: 42, power_watts: 182.5, asleep: false },
    { index: 1, ...told, utilization_percent: null, power_watts: null, asleep: false },
    { index: 2, ...told, utilization_percent: 42, power_watts: 182.5, asleep: false },
  ]);
});

test("beside a processor's graphics it is not known that no program computes on a GPU", async () => {
  const { found, watch, card, next } = watchBeside({ gpus: ["No devices were found"] });
  await found.read();
  expect((await next()).gpus).toEqual([]);
  expect(watch.gpusToUse()).toEqual([]);
  card("0000:00:02.0", "i915", { vendor: "0x8086", class: "0x030000" });
  await found.read();
  expect((await next()).gpus).toEqual([]);
  expect(watch.gpusToUse()).toBe(undefined);
});

test("a GPU that sleeps is not woken", async () => {
  const { found, card, asked, next } = watchBeside();
  const [nvidia, amd] = ["0000:4e:00.0", "0000:05:00.0"];
  card(nvidia, "nvidia", { ...H100, "power/runtime_status": "active" });
  card(amd, "amdgpu", { ...MI300X, "power/runtime_status": "suspended" });
  await found.read();
  await next();
  const before = asked().length;
  card(nvidia, "nvidia", { ...H100, "power/runtime_status": "suspended" });
  const amdAsleep = { index: 2, uuid: null, memory_total_bytes: 192 * GIB, ...UNKNOWN, asleep: true };
  expect((await next()).gpus).toEqual([{ ...FIRST, ...UNKNOWN, asleep: true }, SECOND, amdAsleep]);
  expect(asked()).toHaveLength(before);
  card(nvidia, "nvidia", { ...H100, "power/runtime_status": "active" });
  card(amd, "amdgpu", { ...MI300X, "power/runtime_status": "active" });
  expect((await next()).gpus).toMatchObject([FIRST, SECOND, { utilization_percent: 42, asleep: false }]);
});

test("of a card that sleeps the others are read all the same, and what processes hold of them", async () => {
  const { folder, found, watch, card, next } = watchBeside({ processes: [`${UUIDS[1]}, ${process.pid}, 4096`] });
  card("0000:4e:00.0", "nvidia", { ...H100, "power/runtime_status": "suspended" });
  card("0000:4f:00.0", "nvidia", { ...H100, "power/runtime_status": "active" });
  await found.read();
  const line = LINES[1]?.replace("[N/A], [N/A]", "1024, 5");
  const processes = `${UUIDS[1]}, ${process.pid}, 512`;
  const awake = `case "$*" in --query-gpu*"-i 0000:4f:00.0") echo "${line}";; --query-c*"-i 0000:4f:00.0") echo "${processes}";; *) echo woken;; esac`;
  fakeProgram(folder, "nvidia-smi", awake);
  watch.gpuMemoryByPid();
  const asleep = { ...FIRST, ...UNKNOWN, asleep: true };
  const loaded = { ...SECOND, memory_used_bytes: 1024 * MIB, utilization_percent: 5 };
  expect((await next()).gpus).toEqual([asleep, loaded]);
  expect(watch.gpuMemoryByPid()).toEqual(new Map([[process.pid, [{ gpuIndex: 1, bytes: 512 * MIB }]]]));
  expect(found.known()).toMatchObject({ gpus: [{ index: 0 }, { index: 1 }], problems: [] });
  fakeProgram(folder, "nvidia-smi", "echo Unable to determine the device handle; exit 255");
  expect((await next()).gpus).toEqual([asleep]);
});

test("beside a card that sleeps, one that was asked for and is lost is left out", async () => {
  const third = LINES[1]?.replace(/^1/, "2").replace("4F:", "50:").replace("GPU-1", "GPU-2") ?? "";
  const { folder, found, card, next } = watchBeside({ gpus: [...LINES, third] });
  card("0000:4e:00.0", "nvidia", { ...H100, "power/runtime_status": "suspended" });
  for (const busId of ["0000:4f:00.0", "0000:50:00.0"]) {
    card(busId, "nvidia", { ...H100, "power/runtime_status": "active" });
  }
  await found.read();
  fakeProgram(folder, "nvidia-smi", `echo "${LINES[1]}"`);
  expect((await next()).gpus).toEqual([{ ...FIRST, ...UNKNOWN, asleep: true }, SECOND]);
});

test("a card that a virtual machine has may sleep: nvidia-smi does not know it", async () => {
  const { found, card, next } = watchBeside();
  card("0000:99:00.0", "vfio-pci", { ...H100, "power/runtime_status": "suspended" });
  await found.read();
  expect((await next()).gpus).toEqual([FIRST, SECOND]);
});

test("what could not be read is absent, none is an empty list, and one that is lost is left out", async () => {
  const { found, watch, answer, next } = watchBeside();
  await found.read();
  answer(["Failed to initialize NVML: Driver/library version mismatch"]);
  expect(await next()).toEqual({ host: expect.anything() });
  expect(watch.tookMs).toBe(0);
  answer([LINES[0] ?? "", "Unable to determine the device handle for GPU0000:4F:00.0: Unknown Error"]);
  expect((await next()).gpus).toEqual([FIRST]);
  answer(["No devices were found"]);
  expect((await next()).gpus).toEqual([]);
});

test("a beat waits for nothing, readings do not pile up, and none is told that began before it was asked for", async () => {
  const { folder, found, watch, asked, next } = watchBeside({ processes: [`${UUIDS[0]}, ${process.pid}, 1`] });
  await found.read();
  watch.gpuMemoryByPid();
  expect((await next()).gpus).toEqual([FIRST, SECOND]);
  expect(watch.gpuMemoryByPid()?.size).toBe(1);
  const before = asked().length;
  const waits = `until [ -e "$0.go" ]; do /bin/sleep 0.02; done`;
  fakeProgram(folder, "nvidia-smi", `echo "$1" >> "$0.asked"; ${waits}; echo "${LINES[1]}"`);
  const reading = watch.refresh();
  expect(watch.latest()).toEqual({ host: expect.objectContaining(HOST) });
  expect(watch.gpuMemoryByPid()).toBeUndefined();
  const later = [watch.refresh(), watch.refresh()];
  writeFileSync(join(folder, "nvidia-smi.go"), "");
  await Promise.all([reading, ...later]);
  expect(asked().slice(before)).toEqual(["--query-gpu", "--query-compute-apps"]);
  expect(watch.latest()).toEqual({ host: expect.objectContaining(HOST) });
  expect((await next()).gpus).toEqual([SECOND]);
});

test("what GPUs do is told while the processes on them are still read, and how long all of it took", async () => {
  const { folder, found, watch } = watchBeside();
  await found.read();
  watch.gpuMemoryByPid();
  const waits = `until [ -e "$0.go" ]; do /bin/sleep 0.02; done`;
  fakeProgram(folder, "nvidia-smi", `case "$1" in --query-gpu*) echo "${LINES[0]}";; *) ${waits};; esac`);
  const reading = watch.refresh();
  await vi.waitFor(() => expect(watch.latest().gpus).toEqual([FIRST]), { timeout: 20_000 });
  expect(watch.tookMs).toBe(0);
  writeFileSync(join(folder, "nvidia-smi.go"), "");
  await reading;
  expect(watch.tookMs).toBeGreaterThan(0);
});

test("memory by process is read only while somebody asks, by the index of the GPU", async () => {
  const me = process.pid;
  const processes = [`${UUIDS[1]}, ${me}, 4096`, `${UUIDS[0]}, ${me}, `, `${UUIDS[0]}, 999999999, 1`];
  const { found, watch, asked, next } = watchBeside({ processes });
  await found.read();
  await next();
  expect(asked()).not.toContain("--query-compute-apps");
  expect(watch.gpuMemoryByPid()).toBeUndefined();
  await next();
  const held = [
    { gpuIndex: 1, bytes: 4096 * MIB },
    { gpuIndex: 0, bytes: null }, // is not told at all
  ];
  expect(watch.gpuMemoryByPid()).toEqual(new Map([[me, held]]));
  await next();
  const before = asked().length;
  await next();
  expect(asked().slice(before)).toEqual(["--query-gpu"]);
});

test("where one GPU is lost it is still known what processes hold of the others", async () => {
  const { folder, found, watch, next } = watchBeside();
  await found.read();
  const lost = "Unable to determine the device handle for GPU0000:4F:00.0: Unknown Error";
  const lines = `case "$1" in --query-gpu*) echo "${LINES[0]}";; *) echo "${UUIDS[0]}, ${process.pid}, 512";; esac`;
  fakeProgram(folder, "nvidia-smi", `${lines}; echo "${lost}"; exit 255`);
  watch.gpuMemoryByPid();
  await next();
  expect(watch.gpuMemoryByPid()).toEqual(new Map([[process.pid, [{ gpuIndex: 0, bytes: 512 * MIB }]]]));
  fakeProgram(
    folder,
    "nvidia-smi",
    `case "$1" in --query-gpu*) echo "${LINES[0]}";; *) echo "${lost}"; exit 255;; esac`,
  );
  watch.gpuMemoryByPid();
  await next();
  expect(watch.gpuMemoryByPid()).toBeUndefined();
});

test("a process on a part of a GPU, or on one that is not told, is known to use one", async () => {
  const part = "MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f";
  const { found, watch, next } = watchBeside({ processes: [`${part}, ${process.pid}, 4096`] });
  await found.read();
  watch.gpuMemoryByPid();
  await next();
  expect(watch.gpuMemoryByPid()).toEqual(new Map([[process.pid, [{ gpuIndex: null, bytes: 4096 * MIB }]]]));
});

test.each([
  ["of other processes than are here nothing is told", ["GPU-x, 999999999, 4096"], undefined],
  ["no process is an answer", [], new Map()],
])("%s", async (_what, processes, expected) => {
  const { found, watch, next } = watchBeside({ processes });
  await found.read();
  watch.gpuMemoryByPid();
  await next();
  expect(watch.gpuMemoryByPid()).toEqual(expected);
});

test("a reading that takes more than a second is said once, with the remedy", async () => {
  const { folder, found, next, messages } = watchBeside();
  await found.read();
  fakeProgram(folder, "nvidia-smi", `/bin/sleep 1.05; echo "${LINES[0]}"`);
  await next();
  await next();
  expect(messages().filter((message) => message.includes("persistenced"))).toEqual([
    "nvidia-smi takes long to read the GPUs: switch on nvidia-persistenced",
  ]);
});
