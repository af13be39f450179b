import { readFileSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { DeviceCapabilities } from "@repo/device-types";
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
import { createDeviceDetector } from "./devices.ts";

afterEach(() => void vi.unstubAllEnvs());

const LSPCI = `cat <<'END'
01:00.0 3D controller: NVIDIA Corporation GA100 [A100 PCIe 40GB] (rev a1)
\tRegion 1: Memory at 38000000000 (64-bit, prefetchable) [size=64G]
03:00.0 Display controller: Advanced Micro Devices, Inc. [AMD/ATI] Aldebaran [Instinct MI210] (rev 02)
\tRegion 0: Memory at 39000000000 (64-bit, prefetchable) [size=64G]
\tRegion 2: Memory at 3a000000000 (64-bit, prefetchable) [size=2M]
04:00.0 VGA compatible controller: ASPEED Technology, Inc. ASPEED Graphics Family (rev 41)
\tRegion 0: Memory at d8000000 (32-bit, non-prefetchable) [size=64M]
END`.replace("cat", "/bin/cat");
const MI210 = "Advanced Micro Devices, Inc. [AMD/ATI] Aldebaran [Instinct MI210]";

/** A detector that finds only the given programs on its PATH. */
function detectorWith(programs: Record<string, string>, probeTimeoutMs = 4_500) {
  const folder = temporaryFolder();
  vi.stubEnv("PATH", folder);
  for (const [name, script] of Object.entries(programs)) fakeProgram(folder, name, script);
  const lines: LogLine[] = [];
  const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const detector = createDeviceDetector({ probeTimeoutMs, log });
  onTestFinished(() => detector.stop());
  return { detector, folder, messages: () => lines.map(({ msg }) => msg) };
}

test("reads the true cores and memory of this host", async () => {
  const { detector } = detectorWith({});
  const devices = await detector.detect();
  expect(devices).toEqual({
    cpu: { cores: os.availableParallelism(), ramGb: Math.round(os.totalmem() / 1024 ** 3) },
    gpus: [],
  });
  expect(DeviceCapabilities.parse(devices)).toEqual(devices);
});

test("lists NVIDIA's GPUs once, then the others with indexes of their own", async () => {
  const { detector, messages } = detectorWith({ "nvidia-smi": 'echo "0, NVIDIA A100-PCIE-40GB, 40960"', lspci: LSPCI });
  expect((await detector.detect()).gpus).toEqual([
    { index: 0, name: "NVIDIA A100-PCIE-40GB", vramGb: 40 },
    { index: 1, name: MI210, vramGb: 64 },
  ]);
  expect(messages()).toEqual([]);
});

test("a hanging nvidia-smi does not hide the other GPUs", async () => {
  const { detector } = detectorWith({ "nvidia-smi": hangingScript(newMarker()), lspci: LSPCI });
  expect((await detector.detect()).gpus).toEqual([{ index: 0, name: MI210, vramGb: 64 }]);
});

test("a hanging lspci does not hide NVIDIA's GPUs, is killed, and is said", async () => {
  const marker = newMarker();
  const programs = { "nvidia-smi": 'echo "2, NVIDIA L4, 23034"', lspci: hangingScript(marker) };
  const { detector, messages } = detectorWith(programs, 3_000);
  expect((await detector.detect()).gpus).toEqual([{ index: 2, name: "NVIDIA L4", vramGb: 22 }]);
  expect(messages()).toEqual(["GPUs may be missing: systeminformation did not end within 3 s"]);
  await eventually(() => (isRunning(marker) ? undefined : true), "the end of the hanging lspci");
});

test("a setting that no queen would wait for is cut, and said", async () => {
  const marker = newMarker();
  const { detector, messages } = detectorWith({ "nvidia-smi": hangingScript(marker) }, 60_000);
  expect((await detector.detect()).cpu?.cores).toBe(os.availableParallelism());
  expect(messages().slice(0, 2)).toEqual([
    "programs that read devices get 4500 ms, not the 60000 of --probe-timeout-ms (HIVE_PROBE_TIMEOUT_MS): a queen waits 5 s for an answer",
    "GPUs may be missing: nvidia-smi did not end within 4.5 s",
  ]);
});

test("says once why there are no NVIDIA GPUs, and again when the reason changes", async () => {
  const { detector, folder, messages } = detectorWith({});
  await detector.detect();
  await detector.detect();
  expect(messages()).toEqual(["GPUs may be missing: nvidia-smi is not installed"]);
  fakeProgram(folder, "nvidia-smi", "echo No devices were found; exit 6");
  await detector.detect();
  await detector.detect();
  expect(messages().slice(1)).toEqual(["GPUs may be missing: nvidia-smi exited with 6: No devices were found"]);
});

test("reads afresh each time, and once for calls that come together", async () => {
  const { detector, folder } = detectorWith({ "nvidia-smi": 'echo x >> "$0.runs"; echo "0, A, 1024"' });
  const runs = () => readFileSync(join(folder, "nvidia-smi.runs"), "utf8").trim().split("\n").length;
  const together = await Promise.all([detector.detect(), detector.detect(), detector.detect()]);
  expect(runs()).toBe(1);
  expect(new Set(together.map((devices) => JSON.stringify(devices))).size).toBe(1);
  fakeProgram(folder, "nvidia-smi", 'echo x >> "$0.runs"; echo "0, B, 1024"');
  expect((await detector.detect()).gpus?.[0]?.name).toBe("B");
  expect(runs()).toBe(2);
});

test("rejects once it was stopped", async () => {
  const { detector } = detectorWith({});
  detector.stop();
  await expect(detector.detect()).rejects.toThrow("the agent is stopping");
});
