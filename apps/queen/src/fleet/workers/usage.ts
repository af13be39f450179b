import type { DeviceCapabilities, GpuDevice } from "@repo/device-types";
import type { GpuReading, Reading, Shown } from "./heartbeat.ts";
import type { Worker } from "./worker.ts";

const BYTES_PER_GB = 2 ** 30;

/** Memory in bytes. What is not known is null, and never 0. */
export interface MemoryUsage {
  readonly totalBytes: number | null;
  /** As it was measured; else what the workers say, if all of them do. */
  readonly usedBytes: number | null;
  /** Never below 0, even when workers report more than there is. */
  readonly freeBytes: number | null;
  /** What the workers say that they use: beside what was measured, the rest is somebody else's. */
  readonly workersBytes: number | null;
  /** Whether `usedBytes` was. */
  readonly measured: boolean;
}

export interface GpuUsage extends MemoryUsage {
  readonly index: number;
  /** null of one that the hive reads, and whose devices the catalog does not have. */
  readonly name: string | null;
  /** Whether its memory is that of the host. */
  readonly unified: boolean;
  readonly utilizationPercent: number | null;
  readonly temperatureCelsius: number | null;
  readonly powerWatts: number | null;
  readonly asleep: boolean | null;
}

/** What is used of the devices of a hive. */
export interface HiveUsage {
  readonly ram: MemoryUsage;
  /** Of all GPUs together. A worker that names no known GPU counts here alone, unless all of them are measured. */
  readonly vram: MemoryUsage;
  readonly gpus: readonly GpuUsage[];
}

/** What tells how much memory a GPU has; without a name where the hive reads it, and the catalog has no devices. */
type KnownGpu = Pick<GpuDevice, "index" | "vramGb" | "unified" | "uuid"> & { readonly name: string | null };
type Devices = Pick<DeviceCapabilities, "cpu"> & { readonly gpus: readonly KnownGpu[] | null };

/** What was measured of each device, or else its capabilities minus the workers. */
export function usageOf(heard: Shown | undefined, devices: Devices | null): HiveUsage {
  const { workers, reading } = heard ?? { workers: undefined, reading: null };
  const host = reading?.host;
  const ramBytes = host?.memoryTotalBytes ?? toBytes(devices?.cpu?.ramGb ?? null);
  const ofHost = { memoryTotalBytes: ramBytes, memoryUsedBytes: host?.memoryUsedBytes ?? null };
  const reported = reportedBy(workers);
  const readings = reading?.gpus ?? null;
  const gpus =
    seenGpus(readings, devices?.gpus ?? null)?.map(([gpu, seen]) =>
      gpuUsage(gpu, seen, { reported, readings, shared: gpu.unified ? ofHost : NOT_READ }),
    ) ?? null;
  return {
    ram: memory(ramBytes, host?.memoryUsedBytes ?? null, reported.ram),
    vram: vramOf(gpus, reported, workers),
    gpus: (reported.areOnGpus ? gpus : gpus?.map(withoutReported)) ?? [],
  };
}

/** Where a worker could be on any of them. */
const withoutReported = (gpu: GpuUsage): GpuUsage => ({
  ...gpu,
  workersBytes: null,
  ...(!gpu.measured && { usedBytes: null, freeBytes: null }),
});

type SeenGpu = readonly [gpu: KnownGpu, seen: GpuReading | undefined];

/** Those of the catalog with what was read of them; without any, those that were read. */
function seenGpus(readings: readonly GpuReading[] | null, gpus: Devices["gpus"]): SeenGpu[] | undefined {
  if (gpus === null) return readings?.map((seen) => [{ index: seen.index, name: null, vramGb: null }, seen]);
  return gpus.map((gpu) => [gpu, readings?.find((reading) => isSame(reading, gpu))]);
}

/** When a GPU falls off the bus, the indexes of those after it change. */
const isSame = (reading: GpuReading, gpu: KnownGpu): boolean =>
  reading.uuid !== null && gpu.uuid !== undefined ? reading.uuid === gpu.uuid : reading.index === gpu.index;

interface Around {
  readonly reported: Reported;
  readonly readings: readonly GpuReading[] | null;
  /** The memory of the host, as far as it is that of the GPU too. */
  readonly shared: MemoryReading;
}

function gpuUsage(gpu: KnownGpu, seen: GpuReading | undefined, { reported, readings, shared }: Around): GpuUsage {
  const { index, name, vramGb, unified = false } = gpu;
  const total = shared.memoryTotalBytes ?? seen?.memoryTotalBytes ?? toBytes(vramGb);
  const used = shared.memoryUsedBytes ?? seen?.memoryUsedBytes ?? null;
  const isElsewhere = seen === undefined && readings?.some((reading) => reading.index === index) === true;
  const at = isElsewhere ? null : (seen?.index ?? index);
  const ofWorkers = reported.vram === undefined || at === null ? null : amountOn(at, reported.vram);
  const { utilizationPercent, temperatureCelsius, powerWatts, asleep } = seen ?? NOT_READ;
  return {
    index,
    name,
    unified,
    ...memory(total, used, ofWorkers),
    utilizationPercent,
    temperatureCelsius,
    powerWatts,
    asleep,
  };
}

/** What the workers of a hive say that they use. Where none runs nobody says anything: that is not known, rather than nothing. */
interface Reported {
  readonly ram: number | null;
  /** By the index of the GPU; undefined where no worker runs. */
  readonly vram: ReadonlyMap<number, number | null> | undefined;
  readonly vramInAll: number | null;
  /** Whether all that use memory of GPUs say of which. */
  readonly areOnGpus: boolean;
}

/** In one go: a hive may have as many workers as it has GPUs, and many hives are looked at. */
function reportedBy(workers: readonly Worker[] = []): Reported {
  if (workers.length === 0) return { ram: null, vram: undefined, vramInAll: null, areOnGpus: true };
  let ram: number | null = 0;
  let vramInAll: number | null = 0;
  let areOnGpus = true;
  const vram = new Map<number, number | null>();
  for (const worker of workers) {
    ram = plus(ram, worker.ramBytes);
    vramInAll = plus(vramInAll, worker.vramBytes);
    const ids = devicesOf(worker);
    if (ids.length === 0 && worker.vramBytes !== 0) areOnGpus = false;
    // One that runs on several says it of all together.
    const share = worker.vramBytes === null ? null : Math.round(worker.vramBytes / ids.length);
    for (const id of ids) vram.set(id, plus(amountOn(id, vram), share));
  }
  return { ram, vram, vramInAll, areOnGpus };
}

/** Nothing, where no worker names that GPU. */
const amountOn = (index: number, vram: ReadonlyMap<number, number | null>): number | null => {
  const amount = vram.get(index);
  return amount === undefined ? 0 : amount;
};

/** What is not known makes the sum unknown. */
const plus = (sum: number | null, amount: number | null): number | null =>
  sum === null || amount === null ? null : bounded(sum + amount);

/** A number of bytes beyond these is not exact, and the API promises that none is answered. */
const bounded = (bytes: number): number => Math.min(bytes, Number.MAX_SAFE_INTEGER);

/** The indexes of the GPUs on which a worker runs. */
function devicesOf({ deviceIds, deviceId }: Worker): readonly number[] {
  if (deviceIds !== null && deviceIds.length > 0) return deviceIds;
  return deviceId === null ? [] : [deviceId];
}

/** A GPU on which workers report more than there is takes nothing from the free memory of the others. */
function vramOf(
  gpus: readonly GpuUsage[] | null,
  { vramInAll: reported }: Reported,
  workers: readonly Worker[] | undefined,
): MemoryUsage {
  if (gpus === null) return memory(null, null, reported);
  let measured = gpus.length > 0;
  let total: number | null = 0;
  let used: number | null = 0;
  let free: number | null = 0;
  let placed = 0;
  for (const gpu of gpus) {
    measured &&= gpu.measured;
    total = plus(total, gpu.totalBytes);
    used = plus(used, gpu.usedBytes);
    free = plus(free, gpu.freeBytes);
    placed += gpu.workersBytes ?? 0;
  }
  const unplaced = measured || workers?.length === 0 ? 0 : reported === null ? null : Math.max(0, reported - placed);
  return {
    totalBytes: total,
    usedBytes: plus(used, unplaced),
    freeBytes: free === null || unplaced === null ? null : Math.max(0, free - unplaced),
    workersBytes: reported,
    measured,
  };
}

function memory(totalBytes: number | null, readBytes: number | null, workersBytes: number | null): MemoryUsage {
  const usedBytes = readBytes ?? workersBytes;
  const freeBytes = totalBytes === null || usedBytes === null ? null : Math.max(0, totalBytes - usedBytes);
  return { totalBytes, usedBytes, freeBytes, workersBytes, measured: readBytes !== null };
}

const toBytes = (gigabytes: number | null): number | null =>
  gigabytes === null ? null : bounded(gigabytes * BYTES_PER_GB);

const sumOfAll = (amounts: readonly (number | null)[]): number | null => amounts.reduce(plus, 0);

/** What is free on the GPUs of a worker; null unless all of it was measured. */
export function freeVramOf(reading: Reading | null, worker: Worker): number | null {
  const free = devicesOf(worker).map((id) => freeOf(reading?.gpus?.find(({ index }) => index === id)));
  return free.length === 0 ? null : sumOfAll(free);
}

/** Where a model could go on a host: what is free on the GPUs that were measured; on a host that has none, in RAM, unless it is to be VRAM. */
export function freeBytesOf({ gpus, host }: Reading, mustBeVram: boolean): number | null {
  if (gpus?.length === 0) return mustBeVram ? null : freeOf(host ?? undefined);
  const free = gpus?.map(freeOf).filter((bytes) => bytes !== null) ?? [];
  return free.length === 0 ? null : sumOfAll(free);
}

/** The reading of a host whose GPUs with those indexes have no memory of their own: what was measured of its own is theirs. */
export function withHostMemory(reading: Reading, unified: ReadonlySet<number>): Reading {
  const { gpus, host } = reading;
  if (host === null) return reading;
  const { memoryTotalBytes, memoryUsedBytes } = host;
  const shared = [...unified].map((index): GpuReading => {
    const seen = gpus?.find((gpu) => gpu.index === index) ?? { index, ...NOT_READ };
    return { ...seen, memoryTotalBytes, memoryUsedBytes };
  });
  return { ...reading, gpus: [...(gpus ?? []).filter(({ index }) => !unified.has(index)), ...shared] };
}

type MemoryReading = Pick<GpuReading, "memoryTotalBytes" | "memoryUsedBytes">;
const freeOf = ({ memoryTotalBytes: total, memoryUsedBytes: used }: MemoryReading = NOT_READ): number | null =>
  total === null || used === null ? null : Math.max(0, total - used);
const NOT_READ: Omit<GpuReading, "index"> = {
  uuid: null,
  memoryTotalBytes: null,
  memoryUsedBytes: null,
  utilizationPercent: null,
  temperatureCelsius: null,
  powerWatts: null,
  asleep: null,
};
