import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ProgramTurns } from "@repo/processes";
import { afterEach, expect, test, vi } from "vitest";
import { fakeProgram, temporaryFolder } from "../testing.ts";
import { parseLspci } from "./lspci.ts";
import { readOtherGpus } from "./other-gpus.ts";

afterEach(() => void vi.unstubAllEnvs());

const GIB = 2 ** 30;
const MI300X = { vendor: "0x1002", class: "0x120000", device: "0x74a1", mem_info_vram_total: `${192 * GIB}` };
const window = (sizeBytes: number) => `0x0000004000000000 0x${(0x4000000000 + sizeBytes - 1).toString(16)} 0x14220c\n`;

/** A folder that looks like /sys, with those files of each device. */
function sysfsWith(devices: Record<string, Record<string, string>>, driver = "amdgpu"): string {
  const sysfs = temporaryFolder();
  for (const [busId, files] of Object.entries(devices)) {
    const folder = join(sysfs, "bus/pci/devices", busId);
    mkdirSync(join(folder, "power"), { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), `${text}\n`);
    symlinkSync(`../../drivers/${driver}`, join(folder, "driver"));
  }
  return sysfs;
}

/** What is read where lspci prints that, or is not installed. */
function gpusOf(sysfs: string, lspci?: string) {
  const path = temporaryFolder();
  vi.stubEnv("PATH", path);
  if (lspci !== undefined) fakeProgram(path, "lspci", `/bin/cat <<'END'\n${lspci}\nEND`);
  const options = { turns: new ProgramTurns(), timeoutMs: 20_000, signal: new AbortController().signal };
  return readOtherGpus({ ...options, sysfs });
}

test("the memory of an accelerator is what its driver says, not its window, and lspci knows its name", async () => {
  const sysfs = sysfsWith({ "0000:05:00.0": { ...MI300X, resource: window(256 * GIB) } });
  const lspci =
    "0000:05:00.0 Processing accelerators: Advanced Micro Devices, Inc. [AMD/ATI] Aqua Vanjaram [Instinct MI300X] (rev 01)";
  expect((await gpusOf(sysfs, lspci)).gpus).toEqual([
    {
      name: "Advanced Micro Devices, Inc. [AMD/ATI] Aqua Vanjaram [Instinct MI300X]",
      vendor: "amd",
      backend: "rocm",
      uuid: null,
      busId: "0000:05:00.0",
      memoryTotalBytes: 192 * GIB,
      unified: false,
    },
  ]);
});

test("without lspci a card has no name but its numbers, and it is said why", async () => {
  expect(await gpusOf(sysfsWith({ "0000:05:00.0": MI300X }))).toMatchObject({
    gpus: [{ name: "Advanced Micro Devices, Inc. [AMD/ATI] Device 74a1", memoryTotalBytes: 192 * GIB }],
    problems: [],
    missing: "lspci is not installed",
  });
});

test("without both nobody can tell; with the kernel's list alone it is known that there are none", async () => {
  expect(await gpusOf(join(temporaryFolder(), "no-sys"))).toMatchObject({
    gpus: null,
    missing: "lspci is not installed",
  });
  expect(await gpusOf(sysfsWith({ "0000:00:03.0": { vendor: "0x1af4", class: "0x020000" } }))).toEqual({
    gpus: [],
    nvidiaBusIds: [],
    problems: [],
  });
});

test.each([
  ["a small window is no measure of the memory", { resource: window(2 ** 28) }, null],
  ["a large window is one, where the driver says nothing", { resource: window(16 * GIB) }, 16 * GIB],
  ["what the driver says wins", { resource: window(2 ** 28), mem_info_vram_total: `${24 * GIB}` }, 24 * GIB],
])("%s", async (_what, files, memoryTotalBytes) => {
  const sysfs = sysfsWith({ "0000:03:00.0": { vendor: "0x1002", class: "0x030000", device: "0x66af", ...files } });
  expect((await gpusOf(sysfs)).gpus).toMatchObject([{ memoryTotalBytes }]);
});

test("graphics inside a processor are no GPU, nor is a console, and NVIDIA's are left to nvidia-smi", async () => {
  const sysfs = sysfsWith({
    "0000:00:02.0": { vendor: "0x8086", class: "0x030000", resource: window(2 ** 28) },
    "0000:01:00.0": { vendor: "0x10de", class: "0x030200" },
    "0000:02:00.0": { vendor: "0x1a03", class: "0x030000" },
    "0000:0b:00.0": { vendor: "0x1002", class: "0x030000", mem_info_vram_total: `${2 ** 29}` },
    "0000:0b:00.1": { vendor: "0x1002", class: "0x040300" },
  });
  expect(await gpusOf(sysfs)).toMatchObject({ gpus: [], nvidiaBusIds: ["0000:01:00.0"] });
});

test("graphics inside a processor of Intel's have further functions, and beside them is an accelerator: no GPU, by the kernel and by lspci", async () => {
  const npu = "0000:00:0b.0";
  const sysfs = sysfsWith({
    "0000:00:02.1": { vendor: "0x8086", class: "0x030000", resource: window(16 * GIB) },
    [npu]: { vendor: "0x8086", class: "0x120000", device: "0x7d1d", resource: window(2 ** 28) },
  });
  const lspci = `${npu} Processing accelerators: Intel Corporation Meteor Lake NPU (rev 04)`;
  expect((await gpusOf(sysfs, lspci)).gpus).toEqual([]);
});

const KEEPERS = ["vfio-pci", "nvgrace_gpu_vfio_pci", "pci-stub", "xen-pciback"];
test.each(KEEPERS)(
  "a card that is kept for a virtual machine by %s is no GPU of this host, nor one that nvidia-smi should know",
  async (driver) => {
    const cards = {
      "0000:01:00.0": { vendor: "0x10de", class: "0x030200" },
      "0000:03:00.0": { vendor: "0x1002", class: "0x030000", resource: window(16 * GIB) },
    };
    const lspci = "0000:03:00.0 VGA compatible controller: Advanced Micro Devices, Inc. [AMD/ATI] Navi 31";
    expect(await gpusOf(sysfsWith(cards, driver), lspci)).toMatchObject({ gpus: [], nvidiaBusIds: [] });
  },
);

test("a card of whoever else counts from half a GB on", async () => {
  const card = (busId: string, size: string) =>
    `${busId} VGA compatible controller: Moore Threads MTT S80 (rev 01) (prog-if 00 [VGA controller])\n\tMemory at f0000000 (64-bit, prefetchable) [size=${size}]`;
  const lspci = [card("0000:03:00.0", "16G"), card("0001:03:00.0", "256M")].join("\n\n");
  expect((await gpusOf(sysfsWith({}), lspci)).gpus).toMatchObject([
    { name: "Moore Threads MTT S80", vendor: null, memoryTotalBytes: 16 * GIB },
  ]);
});

test.each([
  "",
  "lspci: Cannot open /proc/bus/pci",
  "\tRegion 0: Memory at 0 [size=1G]",
  "00:00.0 VGA compatible controller:",
])("%j is no card", (text) => {
  expect(parseLspci(text)).toEqual([]);
});
