import { expect, test } from "vitest";
import { aWorker } from "../../../test/a-worker.ts";
import { usageOf } from "./usage.ts";

const GB = 2 ** 30;
const DEVICES = {
  cpu: { cores: 16, ramGb: 64 },
  gpus: [
    { index: 0, name: "RTX 4090", vramGb: 24 },
    { index: 2, name: "RTX 3060", vramGb: 12 },
  ],
};

test("counts the memory of each worker on its device and on its hive", () => {
  const workers = [
    aWorker({ deviceId: 0, vramBytes: 8 * GB, ramBytes: 2 * GB }),
    aWorker({ deviceId: 0, vramBytes: 4 * GB, ramBytes: null }),
    aWorker({ deviceId: 2, vramBytes: 12 * GB, ramBytes: 1 * GB }),
  ];
  expect(usageOf(workers, DEVICES)).toEqual({
    ram: { totalBytes: 64 * GB, usedBytes: 3 * GB, freeBytes: 61 * GB },
    vram: { totalBytes: 36 * GB, usedBytes: 24 * GB, freeBytes: 12 * GB },
    gpus: [
      { index: 0, name: "RTX 4090", totalBytes: 24 * GB, usedBytes: 12 * GB, freeBytes: 12 * GB },
      { index: 2, name: "RTX 3060", totalBytes: 12 * GB, usedBytes: 12 * GB, freeBytes: 0 },
    ],
  });
});

test("counts a worker that names no known GPU for the hive alone", () => {
  const { vram, gpus } = usageOf(
    [aWorker({ deviceId: null, vramBytes: GB }), aWorker({ deviceId: 7, vramBytes: GB })],
    DEVICES,
  );
  expect(vram.usedBytes).toBe(2 * GB);
  expect(gpus.map(({ usedBytes }) => usedBytes)).toEqual([0, 0]);
});

test("leaves nothing, rather than less, when workers claim more than there is", () => {
  const { ram, gpus } = usageOf([aWorker({ deviceId: 2, vramBytes: 13 * GB, ramBytes: 65 * GB })], DEVICES);
  expect(ram.freeBytes).toBe(0);
  expect(gpus[1]?.freeBytes).toBe(0);
});

test("a GPU that is claimed twice over takes nothing from the free memory of the others", () => {
  const { vram } = usageOf([aWorker({ deviceId: 2, vramBytes: 30 * GB })], DEVICES);
  expect(vram).toEqual({ totalBytes: 36 * GB, usedBytes: 30 * GB, freeBytes: 24 * GB });
});

test("a worker that names no known GPU takes from what is free in all, down to nothing", () => {
  const freeWith = (vramBytes: number) =>
    usageOf([aWorker({ deviceId: 2, vramBytes: 30 * GB }), aWorker({ deviceId: null, vramBytes })], DEVICES).vram
      .freeBytes;
  expect(freeWith(GB)).toBe(23 * GB);
  expect(freeWith(25 * GB)).toBe(0);
});

test("knows what is used, but not what is free, before the devices are known", () => {
  expect(usageOf([aWorker({ vramBytes: GB, ramBytes: GB })], null)).toEqual({
    ram: { totalBytes: null, usedBytes: GB, freeBytes: null },
    vram: { totalBytes: null, usedBytes: GB, freeBytes: null },
    gpus: [],
  });
  expect(usageOf([], { cpu: null, gpus: [] })).toEqual({
    ram: { totalBytes: null, usedBytes: 0, freeBytes: null },
    vram: { totalBytes: 0, usedBytes: 0, freeBytes: 0 },
    gpus: [],
  });
});
