import type { DeviceCapabilities } from "@repo/device-types";
import type { Worker } from "./worker.ts";

const BYTES_PER_GB = 2 ** 30;

/** Memory in bytes. `totalBytes` and `freeBytes` are null while the devices of the hive are not known. */
export interface MemoryUsage {
  readonly totalBytes: number | null;
  readonly usedBytes: number;
  /** Never below 0, even when workers claim more than there is. */
  readonly freeBytes: number | null;
}

export interface GpuUsage extends MemoryUsage {
  readonly index: number;
  readonly name: string;
}

/** What the workers of a hive take of its devices. */
export interface HiveUsage {
  readonly ram: MemoryUsage;
  /** Of all GPUs together, and of workers that name no GPU. */
  readonly vram: MemoryUsage;
  readonly gpus: readonly GpuUsage[];
}

/** The capabilities of a hive minus its workers. */
export function usageOf(workers: readonly Worker[], devices: DeviceCapabilities | null): HiveUsage {
  let ramBytes = 0;
  let vramBytes = 0;
  const vramByDevice = new Map<number, number>();
  for (const worker of workers) {
    ramBytes += worker.ramBytes ?? 0;
    vramBytes += worker.vramBytes ?? 0;
    if (worker.deviceId === null) continue;
    vramByDevice.set(worker.deviceId, (vramByDevice.get(worker.deviceId) ?? 0) + (worker.vramBytes ?? 0));
  }
  const gpus = devices?.gpus ?? [];
  return {
    ram: memory(devices?.cpu?.ramGb, ramBytes),
    vram: memory(devices === null ? undefined : gpus.reduce((sum, { vramGb }) => sum + vramGb, 0), vramBytes),
    gpus: gpus.map(({ index, name, vramGb }) => ({ index, name, ...memory(vramGb, vramByDevice.get(index) ?? 0) })),
  };
}

function memory(totalGb: number | undefined, usedBytes: number): MemoryUsage {
  if (totalGb === undefined) return { totalBytes: null, usedBytes, freeBytes: null };
  const totalBytes = totalGb * BYTES_PER_GB;
  return { totalBytes, usedBytes, freeBytes: Math.max(0, totalBytes - usedBytes) };
}
