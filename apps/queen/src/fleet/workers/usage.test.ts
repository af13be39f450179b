import { expect, test } from "vitest";
import { aGpuReading, aReading, aWorker } from "../../../test/a-worker.ts";
import type { Reading } from "./heartbeat.ts";
import { type MemoryUsage, usageOf } from "./usage.ts";
import type { Worker } from "./worker.ts";

const GB = 2 ** 30;
const DEVICES = {
  cpu: { cores: 16, ramGb: 64 },
  gpus: [
    { index: 0, name: "RTX 4090", vramGb: 24 },
    { index: 2, name: "RTX 3060", vramGb: 12 },
  ],
};

const said = (workers: Worker[], reading: Reading | null = null) => ({ workers, reading });
const UNKNOWN = { unified: false, utilizationPercent: null, temperatureCelsius: null, powerWatts: null, asleep: null };
/** As the workers say it. */
const reported = (totalBytes: number | null, usedBytes: number, freeBytes: number | null) => ({
  totalBytes,
  usedBytes,
  freeBytes,
  workersBytes: usedBytes,
  measured: false,
});

test("counts the memory of each worker on its device and on its hive", () => {
  const workers = [
    aWorker({ deviceId: 0, vramBytes: 8 * GB, ramBytes: 2 * GB }),
    aWorker({ deviceId: 0, vramBytes: 4 * GB, ramBytes: 0 }),
    aWorker({ deviceId: 2, vramBytes: 12 * GB, ramBytes: 1 * GB }),
  ];
  expect(usageOf(said(workers), DEVICES)).toEqual({
    ram: reported(64 * GB, 3 * GB, 61 * GB),
    vram: reported(36 * GB, 24 * GB, 12 * GB),
    gpus: [
      { index: 0, name: "RTX 4090", ...reported(24 * GB, 12 * GB, 12 * GB), ...UNKNOWN },
      { index: 2, name: "RTX 3060", ...reported(12 * GB, 12 * GB, 0), ...UNKNOWN },
    ],
  });
});

test("counts a worker that names no known GPU for the hive alone", () => {
  const { vram, gpus } = usageOf(said([aWorker({ deviceId: 7, vramBytes: GB })]), DEVICES);
  expect(vram.usedBytes).toBe(GB);
  expect(gpus.map(({ usedBytes }) => usedBytes)).toEqual([0, 0]);
});

test.each([GB, null])(
  "a worker that does not say on which GPU it uses %s could use any: of none it is known what workers use",
  (vramBytes) => {
    const gpu = aGpuReading({ memoryTotalBytes: 24 * GB, memoryUsedBytes: 20 * GB });
    const workers = [aWorker({ deviceId: null, vramBytes }), aWorker({ deviceId: 2, vramBytes: GB })];
    const { vram, gpus } = usageOf(said(workers, aReading({ gpus: [gpu] })), DEVICES);
    expect(gpus).toMatchObject([
      { usedBytes: 20 * GB, freeBytes: 4 * GB, workersBytes: null, measured: true },
      { usedBytes: null, freeBytes: null, workersBytes: null, measured: false },
    ]);
    expect(vram.workersBytes).toBe(vramBytes === null ? null : 2 * GB);
    const none = aWorker({ deviceId: null, vramBytes: 0 });
    expect(usageOf(said([none]), DEVICES).gpus).toMatchObject([{ usedBytes: 0 }, { usedBytes: 0 }]);
  },
);

test("leaves nothing, rather than less, when workers report more than there is", () => {
  const { ram, gpus } = usageOf(said([aWorker({ deviceId: 2, vramBytes: 13 * GB, ramBytes: 65 * GB })]), DEVICES);
  expect(ram.freeBytes).toBe(0);
  expect(gpus[1]?.freeBytes).toBe(0);
});

test("a GPU that is reported twice over takes nothing from the free memory of the others", () => {
  const { vram } = usageOf(said([aWorker({ deviceId: 2, vramBytes: 30 * GB })]), DEVICES);
  expect(vram).toEqual(reported(36 * GB, 30 * GB, 24 * GB));
});

test("a worker that names no known GPU takes from what is free in all, down to nothing", () => {
  const freeWith = (vramBytes: number) =>
    usageOf(said([aWorker({ deviceId: 2, vramBytes: 30 * GB }), aWorker({ deviceId: null, vramBytes })]), DEVICES).vram
      .freeBytes;
  expect(freeWith(GB)).toBe(23 * GB);
  expect(freeWith(25 * GB)).toBe(0);
});

test("knows what is used, but not what is free, before the devices are known", () => {
  expect(usageOf(said([aWorker({ vramBytes: GB, ramBytes: GB })]), null)).toEqual({
    ram: reported(null, GB, null),
    vram: reported(null, GB, null),
    gpus: [],
  });
  expect(usageOf(said([]), { cpu: null, gpus: [] })).toEqual({
    ram: { ...reported(null, 0, null), usedBytes: null, workersBytes: null },
    vram: { ...reported(0, 0, 0), workersBytes: null },
    gpus: [],
  });
});

test("what nobody measured is not free because no worker uses it, nor because one does not say", () => {
  const amountsOf = (workers: Worker[]) =>
    [usageOf(said(workers), DEVICES)]
      .flatMap(({ ram, vram, gpus }) => [ram, vram, ...gpus])
      .map(({ usedBytes, freeBytes, workersBytes }) => [usedBytes, freeBytes, workersBytes]);
  const unknown = [null, null, null];
  expect(amountsOf([])).toEqual([unknown, unknown, unknown, unknown]);
  const talks = aWorker({ deviceId: 0, vramBytes: 10 * GB, ramBytes: GB });
  const silent = aWorker({ deviceId: 0, vramBytes: null, ramBytes: null });
  expect(amountsOf([talks, silent])).toEqual([unknown, unknown, unknown, [0, 12 * GB, 0]]);
  expect(amountsOf([talks, { ...silent, deviceId: null }]).slice(0, 2)).toEqual([unknown, unknown]);
});

test("takes what was measured before what the workers say, and shows both", () => {
  const gpu = aGpuReading({ memoryTotalBytes: 24.5 * GB, memoryUsedBytes: 20 * GB, powerWatts: 231.5 });
  const host = { memoryTotalBytes: 63 * GB, memoryUsedBytes: 50 * GB, cpuPercent: 12 };
  const worker = aWorker({ deviceId: 0, vramBytes: 8 * GB, ramBytes: GB });
  const { ram, gpus, vram } = usageOf(said([worker], aReading({ gpus: [gpu], host })), DEVICES);
  const measured = (totalBytes: number, usedBytes: number, workersBytes: number) => ({
    totalBytes,
    usedBytes,
    freeBytes: totalBytes - usedBytes,
    workersBytes,
    measured: true,
  });
  expect(ram).toEqual(measured(63 * GB, 50 * GB, GB));
  expect(gpus[0]).toMatchObject({ ...measured(24.5 * GB, 20 * GB, 8 * GB), powerWatts: 231.5 });
  expect(gpus[1]).toMatchObject({ usedBytes: 0, measured: false });
  expect(vram).toMatchObject({ usedBytes: 20 * GB, measured: false });
});

test("what is measured of every GPU is all that is used, whatever workers say beside", () => {
  const readings = [0, 2].map((index) => aGpuReading({ index, memoryTotalBytes: 10 * GB, memoryUsedBytes: GB }));
  const worker = aWorker({ deviceId: null, vramBytes: 5 * GB });
  expect(usageOf(said([worker], aReading({ gpus: readings })), DEVICES).vram).toEqual({
    totalBytes: 20 * GB,
    usedBytes: 2 * GB,
    freeBytes: 18 * GB,
    workersBytes: 5 * GB,
    measured: true,
  });
});

test("knows a GPU by its uuid where the catalog has it, and else by its index", () => {
  const gpus = [
    { index: 0, name: "A", vramGb: 24, uuid: "GPU-a" },
    { index: 1, name: "B", vramGb: 24, uuid: "GPU-b" },
    { index: 2, name: "C", vramGb: 24 },
  ];
  // The first one fell off the bus.
  const readings = [
    aGpuReading({ index: 0, uuid: "GPU-b", memoryUsedBytes: GB }),
    aGpuReading({ index: 2, uuid: "GPU-c", memoryUsedBytes: 2 * GB }),
  ];
  const workers = [aWorker({ deviceId: 0, vramBytes: GB / 2 })];
  const used = usageOf(said(workers, aReading({ gpus: readings })), { cpu: null, gpus }).gpus;
  expect(used.map(({ usedBytes, measured }) => measured && usedBytes)).toEqual([false, GB, 2 * GB]);
  // Its index is another's now, and so is what workers use there.
  expect(used.map(({ workersBytes }) => workersBytes)).toEqual([null, GB / 2, 0]);
});

test("what is not known of a GPU is null, and so is the sum of which it is a part", () => {
  const gpus = [
    { index: 0, name: "GB10", vramGb: null, unified: true },
    { index: 1, name: "RTX 4090", vramGb: 24 },
  ];
  const silent = aWorker({ deviceId: 1, vramBytes: null });
  const usage = usageOf(said([silent], aReading({ gpus: [aGpuReading()] })), { cpu: null, gpus });
  expect(usage.gpus.map(({ totalBytes, usedBytes, freeBytes }) => [totalBytes, usedBytes, freeBytes])).toEqual([
    [null, 0, null],
    [24 * GB, null, null],
  ]);
  expect(usage.vram).toMatchObject({ totalBytes: null, usedBytes: null, freeBytes: null });
});

test("a GPU without memory of its own has the host's, as far as that is known", () => {
  const devices = { cpu: { cores: 20, ramGb: 119 }, gpus: [{ index: 0, name: "GB10", vramGb: null, unified: true }] };
  const host = { memoryTotalBytes: 120 * GB, memoryUsedBytes: 32 * GB, cpuPercent: null };
  const amounts = ({ totalBytes, usedBytes, freeBytes }: MemoryUsage) => [totalBytes, usedBytes, freeBytes];
  for (const [reading, expected] of [
    [null, [119 * GB, null, null]],
    [aReading({ host }), [120 * GB, 32 * GB, 88 * GB]],
    [aReading({ host, gpus: [aGpuReading()] }), [120 * GB, 32 * GB, 88 * GB]],
  ] as const) {
    const { gpus, vram } = usageOf(said([], reading), devices);
    expect([gpus.map(amounts), amounts(vram), gpus[0]?.unified]).toEqual([[expected], expected, true]);
  }
});

test("shows what a hive reads of GPUs that the catalog does not have", () => {
  const reading = aReading({ gpus: [aGpuReading({ index: 3, memoryTotalBytes: 8 * GB, memoryUsedBytes: GB })] });
  for (const devices of [null, { cpu: null, gpus: null }]) {
    const { gpus, vram } = usageOf(said([], reading), devices);
    expect(gpus).toMatchObject([{ index: 3, name: null, totalBytes: 8 * GB, usedBytes: GB }]);
    expect(vram).toMatchObject({ totalBytes: 8 * GB, usedBytes: GB, freeBytes: 7 * GB, measured: true });
  }
});

test("splits what a worker uses among the GPUs on which it runs", () => {
  const worker = aWorker({ deviceId: 0, deviceIds: [0, 2], vramBytes: 20 * GB });
  const { gpus, vram } = usageOf(said([worker]), DEVICES);
  expect(gpus.map(({ usedBytes }) => usedBytes)).toEqual([10 * GB, 10 * GB]);
  expect(vram.usedBytes).toBe(20 * GB);
});

test("knows nothing of what is used on a hive that was never heard", () => {
  const { ram, vram } = usageOf(undefined, DEVICES);
  expect(ram).toMatchObject({ totalBytes: 64 * GB, usedBytes: null, freeBytes: null });
  expect(vram).toMatchObject({ totalBytes: 36 * GB, usedBytes: null, freeBytes: null });
});

test("no amount is larger than the API says, whatever a hive says that it has", () => {
  const gpus = [0, 1].map((index) => ({ index, name: "GPU", vramGb: 2 ** 32 - 1 }));
  const worker = aWorker({ deviceId: 0, vramBytes: Number.MAX_SAFE_INTEGER, ramBytes: Number.MAX_SAFE_INTEGER });
  const usage = usageOf(said([worker, worker]), { cpu: { cores: 1, ramGb: 2 ** 32 - 1 }, gpus });
  for (const { totalBytes, usedBytes, workersBytes } of [usage.ram, usage.vram]) {
    expect([totalBytes, usedBytes, workersBytes]).toEqual(Array(3).fill(Number.MAX_SAFE_INTEGER));
  }
});
