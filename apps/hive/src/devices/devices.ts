import os from "node:os";
import type { CpuDevice, DeviceCapabilities, GpuDevice } from "@repo/device-types";
import type { Logger } from "pino";
import { detectOtherGpus, type OtherGpu } from "./graphics.ts";
import { detectNvidiaGpus } from "./nvidia.ts";

const BYTES_PER_GB = 2 ** 30;
/** A queen who asks for devices gives up after 5 s, and then knows not even cores and memory. */
const MAX_PROBE_TIMEOUT_MS = 4500;

export interface DeviceDetectorOptions {
  /** How long each program that reads devices may take. */
  probeTimeoutMs: number;
  log: Logger;
}

export interface DeviceDetector {
  /** Reads the devices now; calls that come while a reading runs share it. Rejects only once `stop` was called. */
  detect(): Promise<DeviceCapabilities>;
  /** Kills what a reading has started. */
  stop(): void;
}

function readCpu(): CpuDevice {
  return { cores: os.availableParallelism(), ramGb: Math.round(os.totalmem() / BYTES_PER_GB) };
}

/** NVIDIA's indexes are the ones that CUDA uses; the others are numbered after them. */
function numberGpus(nvidia: GpuDevice[], others: OtherGpu[]): GpuDevice[] {
  const next = Math.max(-1, ...nvidia.map((gpu) => gpu.index)) + 1;
  return [...nvidia, ...others.map((gpu, position) => ({ index: next + position, ...gpu }))];
}

/** Reads CPU, memory and GPUs of this host. A GPU that cannot be read is left out, and the log says why once. */
export function createDeviceDetector({ probeTimeoutMs, log }: DeviceDetectorOptions): DeviceDetector {
  const stopping = new AbortController();
  const known = { nvidia: "", others: "" };
  let running: Promise<DeviceCapabilities> | undefined;
  const timeoutMs = Math.min(probeTimeoutMs, MAX_PROBE_TIMEOUT_MS);
  if (timeoutMs < probeTimeoutMs) {
    const cut = `programs that read devices get ${timeoutMs} ms, not the ${probeTimeoutMs} of --probe-timeout-ms (HIVE_PROBE_TIMEOUT_MS)`;
    log.warn(`${cut}: a queen waits 5 s for an answer`);
  }

  function logChange(source: keyof typeof known, problem = ""): void {
    if (problem !== known[source] && problem !== "") log.warn({ source }, `GPUs may be missing: ${problem}`);
    known[source] = problem;
  }

  async function read(): Promise<DeviceCapabilities> {
    const options = { timeoutMs, signal: stopping.signal };
    const [nvidia, others] = await Promise.all([detectNvidiaGpus(options), detectOtherGpus(options)]);
    logChange("nvidia", nvidia.problem);
    logChange("others", others.problem);
    return { cpu: readCpu(), gpus: numberGpus(nvidia.gpus, others.gpus) };
  }

  return {
    detect() {
      running ??= read().finally(() => {
        running = undefined;
      });
      return running;
    },
    stop: () => stopping.abort(new Error("the agent is stopping")),
  };
}
