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
  /** Of all GPUs together. A worker that names no known GPU counts here alone. */
  readonly vram: MemoryUsage;
  readonly gpus: readonly GpuUsage[];
}

/** The capabilities of a hive minus its workers. */
export function usageOf(workers: readonly Worker[], devices: DeviceCapabilities | null): HiveUsage {
  let ramBytes = 0;
  let vramBytes = 0;
  let unplacedVramBytes = 0;
  const vramByDevice = new Map((devices?.gpus ?? []).map(({ index }) => [index, 0]));
  for (const worker of workers) {
    ramBytes += worker.ramBytes ?? 0;
    vramBytes += worker.vramBytes ?? 0;
    const onDevice = worker.deviceId === null ? undefined : vramByDevice.get(worker.deviceId);
    if (worker.deviceId === null || onDevice === undefined) unplacedVramBytes += worker.vramBytes ?? 0;
    else vramByDevice.set(worker.deviceId, onDevice + (worker.vramBytes ?? 0));
  }
  const gpus = (devices?.gpus ?? []).map(({ index, name, vramGb }) => ({
    index,
    name,
    ...memory(vramGb, vramByDevice.get(index) ?? 0),
  }));
  return {
    ram: devices?.cpu ? memory(devices.cpu.ramGb, ramBytes) : unknownMemory(ramBytes),
    vram: devices === null ? unknownMemory(vramBytes) : vramOf(gpus, vramBytes, unplacedVramBytes),
    gpus,
  };
}

/** A GPU on which workers claim more than there is takes nothing from the free memory of the others. */
function vramOf(gpus: readonly ByteCounts[], usedBytes: number, unplacedBytes: number): MemoryUsage {
  const sumOf = (name: keyof ByteCounts) => gpus.reduce((sum, gpu) => sum + gpu[name], 0);
  return {
    totalBytes: sumOf("totalBytes"),
    usedBytes,
    freeBytes: Math.max(0, sumOf("freeBytes") - unplacedBytes),
  };
}

function memory(totalGb: number, usedBytes: number) {
  const totalBytes = totalGb * BYTES_PER_GB;
  return { totalBytes, usedBytes, freeBytes: Math.max(0, totalBytes - usedBytes) };
}
type ByteCounts = Pick<ReturnType<typeof memory>, "totalBytes" | "freeBytes">;

const unknownMemory = (usedBytes: number): MemoryUsage => ({ totalBytes: null, usedBytes, freeBytes: null });
