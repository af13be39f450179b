import { setTimeout as wait } from "node:timers/promises";
import type { DeviceReport, GpuDevice } from "@repo/device-types";
import type { Gpu } from "./gpu.ts";
import type { Gpus } from "./gpus.ts";
import { readCores, readMemory } from "./limits.ts";

const BYTES_PER_GB = 2 ** 30;
/** A queen gives up after 5 s, which she also needs to find this host and to ask for its health. */
const ANSWER_WITHIN_MS = 3000;

/** Gives what reads the devices, in bounded time: of GPUs that take longer, what is known. Calls that come while a reading runs share it. */
export function deviceDetector(gpus: Gpus, answerWithinMs = ANSWER_WITHIN_MS): () => Promise<DeviceReport> {
  let running: Promise<unknown> | undefined;
  return async () => {
    running ??= gpus
      .read()
      .catch(() => undefined) // the agent is stopping
      .finally(() => {
        running = undefined;
      });
    await Promise.race([running, wait(answerWithinMs, undefined, { ref: false })]);
    const { gpus: known, problems } = gpus.known();
    const { cpu, problem } = readCpu();
    const stillRunning = running === undefined ? undefined : "GPUs are still being read: this is what is known";
    return {
      cpu,
      gpus: known?.map(toDevice) ?? null,
      problems: [...problems, stillRunning, problem].filter((text) => text !== undefined),
    };
  };
}

/** null where it could not be read: a host is not to be told as larger than its limits. */
function readCpu(): { cpu: DeviceReport["cpu"]; problem?: string } {
  try {
    return { cpu: { cores: readCores(), ramGb: gigabytesOf(readMemory().totalBytes) } };
  } catch (error) {
    return { cpu: null, problem: `the limits of this host could not be read: ${error}` };
  }
}

const gigabytesOf = (bytes: number): number => Math.round(bytes / BYTES_PER_GB);

function toDevice({ index, name, memoryTotalBytes, uuid, vendor, backend, unified }: Gpu): GpuDevice {
  return {
    index,
    name,
    vramGb: memoryTotalBytes === null ? null : gigabytesOf(memoryTotalBytes),
    ...(uuid !== null && { uuid }),
    ...(vendor !== null && { vendor }),
    ...(backend !== null && { backend }),
    ...(unified && { unified }),
  };
}
