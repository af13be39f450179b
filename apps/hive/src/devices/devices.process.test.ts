import { readFileSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { DeviceReport } from "@repo/device-types";
import { pino } from "pino";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import {
  eventually,
  fakeProgram,
  hangingScript,
  isRunning,
  type LogLine,
  newMarker,
  temporaryFolder,
} from "../testing.ts";
import { deviceDetector } from "./devices.ts";
import { Gpus } from "./gpus.ts";

afterEach(() => void vi.unstubAllEnvs());

const LSPCI = `/bin/cat <<'END'
01:00.0 3D controller: NVIDIA Corporation GA100 [A100 PCIe 40GB] (rev a1)
\tRegion 1: Memory at 38000000000 (64-bit, prefetchable) [size=64G]
03:00.0 Display controller: Advanced Micro Devices, Inc. [AMD/ATI] Aldebaran [Instinct MI210] (rev 02)
\tRegion 0: Memory at 39000000000 (64-bit, prefetchable) [size=64G]
\tRegion 2: Memory at 3a000000000 (64-bit, prefetchable) [size=2M]
04:00.0 VGA compatible controller: ASPEED Technology, Inc. ASPEED Graphics Family (rev 41)
\tRegion 0: Memory at d8000000 (32-bit, non-prefetchable) [size=64M]
END`;
const BRIDGE = 'echo "00:00.0 Host bridge: Intel Corporation 440FX"';
const MI210 = { name: "Advanced Micro Devices, Inc. [AMD/ATI] Aldebaran [Instinct MI210]", vramGb: 64, vendor: "amd" };
const NVIDIA = { vendor: "nvidia", backend: "cuda" };
const HUNG = "nvidia-smi did not end within 1 s";

/** A detector that finds only the given programs on its PATH. */
function detectorWith(programs: Record<string, string>, { timeoutMs = 20_000, answerWithinMs = 20_000 } = {}) {
  const folder = temporaryFolder();
  vi.stubEnv("PATH", folder);
  for (const [name, script] of Object.entries(programs)) fakeProgram(folder, name, script);
  const lines: LogLine[] = [];
  const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const stopping = new AbortController();
  const stop = () => stopping.abort(new Error("the agent is stopping"));
  onTestFinished(stop);
  const sysfs = join(folder, "sys");
  const detect = deviceDetector(new Gpus({ timeoutMs, signal: stopping.signal, log, sysfs }), answerWithinMs);
  const replace = (name: string, script: string) => fakeProgram(folder, name, script);
  return { detect, folder, stop, replace, messages: () => lines.map(({ msg }) => msg) };
}

test("reads the true cores and memory of this host", async () => {
  const { detect } = detectorWith({ "nvidia-smi": "echo No devices were found; exit 6" });
  const report = await detect();
  expect(report).toEqual({
    cpu: { cores: os.availableParallelism(), ramGb: Math.round(os.totalmem() / 1024 ** 3) },
    gpus: [],
    problems: [],
  });
  expect(DeviceReport.parse(report)).toEqual(report);
});

test("lists NVIDIA's GPUs once, then the others with indexes of their own", async () => {
  const a100 = (index: number) => `echo "${index}, NVIDIA A100-PCIE-40GB, 40960"`;
  const { detect, replace, messages } = detectorWith({ "nvidia-smi": a100(0), lspci: LSPCI });
  // Of two that NVIDIA's driver has, the first may be lost.
  for (const index of [0, 1]) {
    replace("nvidia-smi", a100(index));
    expect((await detect()).gpus).toEqual([
      { index, name: "NVIDIA A100-PCIE-40GB", vramGb: 40, ...NVIDIA },
      { index: index + 1, ...MI210 },
    ]);
  }
  expect(messages()).toEqual([]);
});

test("a hanging nvidia-smi does not hide the other GPUs", async () => {
  const programs = { "nvidia-smi": hangingScript(newMarker()), lspci: LSPCI };
  const { detect } = detectorWith(programs, { timeoutMs: 1000 });
  expect(await detect()).toMatchObject({ gpus: [{ index: 0, ...MI210 }], problems: [HUNG] });
});

test("a hanging lspci does not hide NVIDIA's GPUs, is killed, and is said", async () => {
  const marker = newMarker();
  const programs = { "nvidia-smi": 'echo "2, NVIDIA L4, 23034"', lspci: hangingScript(marker) };
  const { detect, messages } = detectorWith(programs);
  const problem = "lspci did not end within 1.5 s";
  const gpus = [{ index: 2, name: "NVIDIA L4", vramGb: 22 }];
  expect(await detect()).toMatchObject({ gpus, problems: [problem] });
  expect(messages()).toEqual([`GPUs may be missing: ${problem}`]);
  await eventually(() => (isRunning(marker) ? undefined : true), "the end of the hanging lspci");
});

test("an answer does not wait for a program that takes long, but the next one has what it told", async () => {
  const { detect, folder } = detectorWith(
    { "nvidia-smi": 'until [ -e "$0.go" ]; do /bin/sleep 0.02; done; echo "0, NVIDIA L4, 23034"', lspci: BRIDGE },
    { answerWithinMs: 50 },
  );
  expect(await detect()).toMatchObject({
    cpu: { cores: os.availableParallelism() },
    gpus: null,
    problems: expect.arrayContaining(["GPUs are still being read: this is what is known"]),
  });
  fakeProgram(folder, "nvidia-smi.go", "");
  const gpus = await eventually(async () => (await detect()).gpus ?? undefined, "the GPU");
  expect(gpus).toMatchObject([{ index: 0, name: "NVIDIA L4" }]);
});

test("says once why there are no NVIDIA GPUs, and again when the reason changes", async () => {
  const { detect, replace, messages } = detectorWith({ lspci: BRIDGE });
  for (let times = 0; times < 2; times++) expect(await detect()).toMatchObject({ gpus: [], problems: [] });
  expect(messages()).toEqual(["GPUs may be missing: nvidia-smi is not installed"]);
  replace("nvidia-smi", "echo broken; exit 9");
  for (let times = 0; times < 2; times++) {
    expect(await detect()).toMatchObject({ gpus: null, problems: ["nvidia-smi exited with 9: broken"] });
  }
  expect(messages().slice(1)).toEqual(["GPUs may be missing: nvidia-smi exited with 9: broken"]);
});

test("where nobody can tell, or NVIDIA's card cannot be asked, that is not none", async () => {
  const nobody = detectorWith({});
  const missing = ["nvidia-smi is not installed", "lspci is not installed"];
  expect(await nobody.detect()).toMatchObject({ gpus: null, problems: missing });
  expect(nobody.messages()).toEqual(missing.toReversed().map((problem) => `GPUs may be missing: ${problem}`));
  const [card = ""] = LSPCI.split("03:00.0");
  const { detect } = detectorWith({ lspci: `${card}END` });
  const problems = ["nvidia-smi is not installed, and there is a card of NVIDIA's at 0000:01:00.0"];
  expect(await detect()).toMatchObject({ gpus: null, problems });
});

test.each([
  ["nvidia-smi", { "nvidia-smi": "exit 0", lspci: BRIDGE }],
  ["nvidia-smi", { "nvidia-smi": 'echo; echo " "', lspci: BRIDGE }],
  ["lspci", { "nvidia-smi": "echo No devices were found; exit 6", lspci: "exit 0" }],
])("of an %s that says nothing at all it is not believed that there are none", async (name, programs) => {
  const problems = [`${name} wrote nothing`];
  expect(await detectorWith(programs).detect()).toMatchObject({ gpus: null, problems });
});

test("that there are none is not believed where the kernel lists a card of NVIDIA's: it failed to start", async () => {
  const [card = ""] = LSPCI.split("03:00.0");
  const { detect } = detectorWith({ "nvidia-smi": "echo No devices were found; exit 6", lspci: `${card}END` });
  const problems = ["nvidia-smi finds no device, and there is a card of NVIDIA's at 0000:01:00.0"];
  expect(await detect()).toMatchObject({ gpus: null, problems });
});

test("that there are none is not believed beside a card that could not be asked", async () => {
  const lost = "Unable to determine the device handle for GPU0000:01:00.0: Unknown Error";
  const { detect } = detectorWith({ "nvidia-smi": `echo "${lost}"; echo No devices were found`, lspci: BRIDGE });
  const problems = [`nvidia-smi wrote: ${lost}`, "nvidia-smi wrote: No devices were found"];
  expect(await detect()).toMatchObject({ gpus: null, problems });
});

test("a failed reading is never final, and takes nothing away", async () => {
  const { detect, replace } = detectorWith({ "nvidia-smi": "echo no driver; exit 9" });
  expect((await detect()).gpus).toBeNull();
  replace("nvidia-smi", 'echo "0, NVIDIA L4, 23034"; echo "1, NVIDIA L4, 23034"');
  const { gpus } = await detect();
  expect(gpus).toHaveLength(2);
  replace("nvidia-smi", "echo no driver; exit 9");
  expect(await detect()).toMatchObject({ gpus, problems: ["nvidia-smi exited with 9: no driver"] });
  replace("nvidia-smi", 'echo "1, NVIDIA L4, 23034"; echo "GPU 0 is lost"; exit 255');
  expect(await detect()).toMatchObject({
    gpus: gpus?.slice(1),
    problems: ["nvidia-smi wrote: GPU 0 is lost"],
  });
});

test("reads afresh each time, and once for calls that come together", async () => {
  const { detect, folder, replace } = detectorWith({ "nvidia-smi": 'echo x >> "$0.runs"; echo "0, A, 1024"' });
  const runs = () => readFileSync(join(folder, "nvidia-smi.runs"), "utf8").trim().split("\n").length;
  const together = await Promise.all([detect(), detect(), detect()]);
  expect(runs()).toBe(1);
  expect(new Set(together.map((devices) => JSON.stringify(devices))).size).toBe(1);
  replace("nvidia-smi", 'echo x >> "$0.runs"; echo "0, B, 1024"');
  expect((await detect()).gpus?.[0]?.name).toBe("B");
  expect(runs()).toBe(2);
});

test("answers what is known once it was stopped", async () => {
  const { detect, stop, messages } = detectorWith({ "nvidia-smi": 'echo "0, A, 1024"' });
  const { gpus } = await detect();
  const before = messages();
  stop();
  expect(await detect()).toMatchObject({ cpu: { cores: os.availableParallelism() }, gpus });
  expect(messages()).toEqual(before);
});
