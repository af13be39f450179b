import type { DeviceCapabilities } from "@repo/device-types";
import type { Worker } from "./worker.ts";

const BYTES_PER_GB = 2 ** 30;

/** Memory in bytes. `totalBytes` and `freeBytes` are null where that is not known. */
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
  const gpus = (devices?.gpus ?? []).map(({ index, name, vramGb }) => {
    const here = workers.filter(({ deviceId }) => deviceId === index);
    const usedBytes = sumOf(here, "vramBytes");
    return { index, name, ...(vramGb === null ? unknownMemory(usedBytes) : memory(vramGb, usedBytes)) };
  });
  const ramBytes = sumOf(workers, "ramBytes");
  const vramBytes = sumOf(workers, "vramBytes");
  return {
    ram: devices?.cpu ? memory(devices.cpu.ramGb, ramBytes) : unknownMemory(ramBytes),
    vram: areKnown(devices) ? vramOf(gpus, vramBytes) : unknownMemory(vramBytes),
    gpus,
  };
}

/** A sum of which a part is not known is not known. */
const areKnown = (devices: DeviceCapabilities | null): boolean =>
  devices?.gpus?.every(({ vramGb }) => vramGb !== null) ?? false;

/** A GPU on which workers claim more than there is takes nothing from the free memory of the others. */
function vramOf(gpus: readonly MemoryUsage[], usedBytes: number): MemoryUsage {
  const unplacedBytes = usedBytes - sumOf(gpus, "usedBytes");
  const freeBytes = Math.max(0, sumOf(gpus, "freeBytes") - unplacedBytes);
  return { totalBytes: sumOf(gpus, "totalBytes"), usedBytes, freeBytes };
}

function memory(totalGb: number, usedBytes: number) {
  const totalBytes = totalGb * BYTES_PER_GB;
  return { totalBytes, usedBytes, freeBytes: Math.max(0, totalBytes - usedBytes) };
}

const unknownMemory = (usedBytes: number): MemoryUsage => ({ totalBytes: null, usedBytes, freeBytes: null });

const sumOf = <Key extends string>(items: readonly { readonly [Name in Key]: number | null }[], key: Key): number =>
  items.reduce((sum, item) => sum + (item[key] ?? 0), 0);
