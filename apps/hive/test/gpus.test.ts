import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { fakeProgram, startAgent, temporaryFolder } from "../src/testing.ts";

// What programs print on real hosts, with names and addresses replaced.
const pathOf = (file: string) => fileURLToPath(new URL(`gpus/${file}.txt`, import.meta.url));
const linesOf = (file: string) => readFileSync(pathOf(file), "utf8").trim().split("\n");

/** What the real agent answers where `program` prints that file and ends with that code. */
async function devicesWhere(program: string, file: string, exitCode = 0): Promise<Record<string, unknown>> {
  const path = temporaryFolder();
  fakeProgram(path, program, `/bin/cat ${pathOf(file)}; exit ${exitCode}`);
  const agent = startAgent(["--port", "0", "--queen", "http://127.0.0.1:1"], { path });
  const response = await fetch(`${await agent.url()}/v1/devices`);
  expect(response.status).toBe(200);
  const { cpu, ...rest } = (await response.json()) as Record<string, unknown>;
  expect(cpu).toEqual({ cores: expect.any(Number), ram_gb: expect.any(Number) });
  return rest;
}

const NVIDIA = { vendor: "nvidia", backend: "cuda" };
const nvidia = (index: number, name: string, vram_gb: number | null, others = {}) => ({
  index,
  name,
  vram_gb,
  ...NVIDIA,
  ...others,
});
const A100 = "NVIDIA A100-SXM4-80GB";
const AMD = "Advanced Micro Devices, Inc. [AMD/ATI]";

test.each([
  ["nvidia-02-gb10", [nvidia(0, "NVIDIA GB10", null, { unified: true })]],
  ["nvidia-03-mig", [nvidia(0, A100, null)]],
  [
    "nvidia-28-crlf-commas",
    [nvidia(0, "NVIDIA H100 80GB HBM3", 80), nvidia(1, "GRID, A100D-2-20C", 20), nvidia(2, "Quadro RTX 6000", 24)],
  ],
  [
    "nvidia-29-sizes",
    [
      nvidia(0, "NVIDIA L4", 22),
      nvidia(1, "NVIDIA B300", 269),
      nvidia(2, "NVIDIA RTX PRO 6000 Blackwell", 96),
      nvidia(3, "Tesla T4", 15),
      nvidia(4, "NVIDIA GeForce GT 520", 0),
    ],
  ],
  ["nvidia-30-jetson", [nvidia(0, "Orin (nvgpu)", null, { unified: true })]],
])("a field that is unknown is null, and hides no GPU: %s", async (file, gpus) => {
  expect(await devicesWhere("nvidia-smi", file)).toEqual({ gpus });
});

test.each([
  ["nvidia-01-inforom", 14, [nvidia(0, "Tesla P100-PCIE-16GB", 16)], 1],
  ["nvidia-04-one-of-eight-lost", 255, [0, 1, 2, 4, 5, 6, 7].map((index) => nvidia(index, A100, 80)), 7],
  ["nvidia-05-lost-first", 0, [1, 2, 3].map((index) => nvidia(index, "NVIDIA L40S", 45)), 0],
])(
  "one GPU that is lost or faulty hides no sound one, whatever the exit code: %s",
  async (file, exitCode, gpus, line) => {
    const problems = [`nvidia-smi wrote: ${linesOf(file)[line]}`];
    expect(await devicesWhere("nvidia-smi", file, exitCode)).toEqual({ gpus, problems });
  },
);

test.each([
  ["nvidia-06-driver-mismatch", 18],
  ["nvidia-09-driver-not-loaded", 9],
])("GPUs that could not be read are not none: %s", async (file, exitCode) => {
  const problems = [`nvidia-smi exited with ${exitCode}: ${linesOf(file)[0]}`];
  expect(await devicesWhere("nvidia-smi", file, exitCode)).toEqual({ gpus: null, problems });
});

test("that there are none is an answer: nvidia-07-no-devices", async () => {
  expect(await devicesWhere("nvidia-smi", "nvidia-07-no-devices", 6)).toEqual({ gpus: [] });
});

test.each([
  ["lspci-21-mi300x", [{ index: 0, name: `${AMD} Aqua Vanjaram [Instinct MI300X]`, vram_gb: 256, vendor: "amd" }]],
  [
    "lspci-23-small-window",
    [
      { index: 0, name: "Intel Corporation DG2 [Arc A770]", vram_gb: null, vendor: "intel" },
      { index: 1, name: `${AMD} Vega 20 [Radeon VII]`, vram_gb: null, vendor: "amd" },
    ],
  ],
])(
  "a card is one without a plug for a screen, too, and a small window is no measure of its memory: %s",
  async (file, gpus) => {
    expect(await devicesWhere("lspci", file)).toEqual({ gpus });
  },
);
