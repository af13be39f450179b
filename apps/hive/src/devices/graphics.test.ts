import { expect, test } from "vitest";
import { parseControllers } from "./graphics.ts";

const amd = {
  vendor: "Advanced Micro Devices, Inc. [AMD/ATI]",
  model: "Aldebaran [Instinct MI210]",
  bus: "PCIe",
  vram: 65_536,
  vramDynamic: false,
};
const gpusOf = (...controllers: object[]) => parseControllers(JSON.stringify(controllers)).gpus;

test("takes a GPU with memory of its own", () => {
  expect(gpusOf(amd)).toMatchObject([
    { name: "Advanced Micro Devices, Inc. [AMD/ATI] Aldebaran [Instinct MI210]", memoryTotalBytes: 64 * 2 ** 30 },
  ]);
});

test("takes one with half a GB", () => {
  expect(gpusOf({ ...amd, vram: 512 })).toMatchObject([{ memoryTotalBytes: 2 ** 29 }]);
});

test("does not say the vendor twice", () => {
  expect(gpusOf({ ...amd, vendor: "AMD", model: "AMD Radeon Pro" })).toMatchObject([{ name: "AMD Radeon Pro" }]);
});

test("leaves NVIDIA's to nvidia-smi", () => {
  expect(
    gpusOf(
      { ...amd, vendor: "NVIDIA Corporation", model: "AD102" },
      { ...amd, vendor: "", model: "GeForce by nVidia" },
    ),
  ).toEqual([]);
});

test("leaves out adapters with unknown, shared or hardly any memory, and nameless ones", () => {
  const without = [
    { vram: null },
    { vram: 0 },
    { vram: 511 },
    { vram: -1 },
    { vramDynamic: true },
    { vendor: "", model: " " },
  ];
  expect(gpusOf(...without.map((change) => ({ ...amd, ...change })))).toEqual([]);
});

test.each(["", "nonsense", "{}", "[1]"])("%j is a problem", (text) => {
  expect(parseControllers(text)).toMatchObject({
    gpus: null,
    problems: [expect.stringContaining("systeminformation")],
  });
});
