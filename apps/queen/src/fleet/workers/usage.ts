import type { DeviceCapabilities } from "@repo/device-types";
import type { GpuReading, Reading } from "./heartbeat.ts";
import type { Worker } from "./worker.ts";

const BYTES_PER_GB = 2 ** 30;

/** Memory in bytes. What is not known is null, and never 0. */
export interface MemoryUsage {
  readonly totalBytes: number | null;
  /** As it was measured; else what the workers say, if all of them do. */
  readonly usedBytes: number | null;
  /** Never below 0, even when workers claim more than there is. */
  readonly freeBytes: number | null;
  /** What the workers say that they use: beside what was measured, the rest is somebody else's. */
  readonly workersBytes: number | null;
  readonly isMeasured: boolean;
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

/** What a hive said of itself; `reading` is null unless it is fresh. */
interface Heard {
  readonly workers: readonly Worker[];
  readonly reading: Reading | null;
}

/** Of devices, what tells how much memory there is. */
type Devices = Pick<DeviceCapabilities, "cpu"> & { readonly gpus: readonly Omit<KnownGpu, "seen">[] | null };

/** What was measured of each device, or else its capabilities minus the workers. */
export function usageOf(heard: Heard | undefined, devices: Devices | null): HiveUsage {
  const { workers, reading } = heard ?? { workers: undefined, reading: null };
  const host = reading?.host;
  const ramBytes = host?.memoryTotalBytes ?? toBytes(devices?.cpu?.ramGb ?? null);
  const ofHost = { memoryTotalBytes: ramBytes, memoryUsedBytes: host?.memoryUsedBytes ?? null };
  const known = gpusOf(reading?.gpus ?? null, devices?.gpus ?? null);
  const gpus = known?.map((gpu) => gpuUsage(gpu, workers, gpu.unified ? ofHost : NOT_READ));
  return {
    ram: memory(
      ramBytes,
      host?.memoryUsedBytes ?? null,
      claimsOf(workers, ({ ramBytes: bytes }) => [bytes]),
    ),
    vram: vramOf(gpus, workers),
    gpus: gpus ?? [],
  };
}

interface KnownGpu {
  readonly index: number;
  readonly name: string | null;
  readonly vramGb: number | null;
  readonly unified?: boolean | undefined;
  readonly uuid?: string | undefined;
  readonly seen: GpuReading | undefined;
}

/** Those of the catalog with what was read of them; without any, those that were read. */
function gpusOf(readings: readonly GpuReading[] | null, gpus: Devices["gpus"]): KnownGpu[] | undefined {
  if (gpus === null) return readings?.map((seen) => ({ index: seen.index, name: null, vramGb: null, seen }));
  return gpus.map((gpu) => ({ ...gpu, seen: readings?.find((reading) => isSame(reading, gpu)) }));
}

/** When a GPU falls off the bus, the indexes of those after it change. */
const isSame = (reading: GpuReading, gpu: Omit<KnownGpu, "seen">): boolean =>
  reading.uuid !== null && gpu.uuid !== undefined ? reading.uuid === gpu.uuid : reading.index === gpu.index;

/** `shared`: the memory of the host, as far as it is that of the GPU too. */
function gpuUsage(gpu: KnownGpu, workers: readonly Worker[] | undefined, shared: MemoryReading): GpuUsage {
  const { index, name, vramGb, unified = false, seen } = gpu;
  const total = shared.memoryTotalBytes ?? seen?.memoryTotalBytes ?? toBytes(vramGb);
  const used = shared.memoryUsedBytes ?? seen?.memoryUsedBytes ?? null;
  const claims = claimsOf(workers, (worker) => claimOn(seen?.index ?? index, worker));
  return {
    index,
    name,
    unified,
    ...memory(total, used, claims),
    utilizationPercent: seen?.utilizationPercent ?? null,
    temperatureCelsius: seen?.temperatureCelsius ?? null,
    powerWatts: seen?.powerWatts ?? null,
    asleep: seen?.asleep ?? null,
  };
}

type Claim = readonly (number | null)[];

/** What the workers say that they use. Where none runs nobody says anything: that is not known, rather than nothing. */
function claimsOf(workers: readonly Worker[] = [], claimOf: (worker: Worker) => Claim): number | null {
  return workers.length === 0 ? null : sumOfAll(workers.flatMap(claimOf));
}

/** What a worker says that it uses of that GPU: one that runs on several says it of all together. */
function claimOn(index: number, worker: Worker): Claim {
  const ids = devicesOf(worker);
  if (!ids.includes(index)) return [];
  return [worker.vramBytes === null ? null : Math.round(worker.vramBytes / ids.length)];
}

/** The indexes of the GPUs on which a worker runs. */
export function devicesOf({ deviceIds, deviceId }: Worker): readonly number[] {
  if (deviceIds !== null && deviceIds.length > 0) return deviceIds;
  return deviceId === null ? [] : [deviceId];
}

/** A GPU on which workers claim more than there is takes nothing from the free memory of the others. */
function vramOf(gpus: readonly GpuUsage[] | undefined, workers: readonly Worker[] | undefined): MemoryUsage {
  const claims = claimsOf(workers, ({ vramBytes }) => [vramBytes]);
  if (gpus === undefined) return memory(null, null, claims);
  const isMeasured = gpus.length > 0 && gpus.every((gpu) => gpu.isMeasured);
  const placed = gpus.reduce((sum, { workersBytes }) => sum + (workersBytes ?? 0), 0);
  const unplaced = isMeasured || workers?.length === 0 ? 0 : claims === null ? null : Math.max(0, claims - placed);
  const used = sumOfAll([...gpus.map(({ usedBytes }) => usedBytes), unplaced]);
  const free = sumOfAll(gpus.map(({ freeBytes }) => freeBytes));
  return {
    totalBytes: sumOfAll(gpus.map(({ totalBytes }) => totalBytes)),
    usedBytes: used,
    freeBytes: free === null || unplaced === null ? null : Math.max(0, free - unplaced),
    workersBytes: claims,
    isMeasured,
  };
}

function memory(totalBytes: number | null, measured: number | null, workersBytes: number | null): MemoryUsage {
  const usedBytes = measured ?? workersBytes;
  const freeBytes = totalBytes === null || usedBytes === null ? null : Math.max(0, totalBytes - usedBytes);
  return { totalBytes, usedBytes, freeBytes, workersBytes, isMeasured: measured !== null };
}

const toBytes = (gigabytes: number | null): number | null => (gigabytes === null ? null : gigabytes * BYTES_PER_GB);

/** A sum of which a part is not known is not known. */
const sumOfAll = (amounts: readonly (number | null)[]): number | null =>
  amounts.includes(null) ? null : amounts.reduce<number>(add, 0);

const add = (sum: number, amount: number | null): number => sum + (amount ?? 0);

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

type MemoryReading = Pick<GpuReading, "memoryTotalBytes" | "memoryUsedBytes">;
const freeOf = ({ memoryTotalBytes: total, memoryUsedBytes: used }: MemoryReading = NOT_READ): number | null =>
  total === null || used === null ? null : Math.max(0, total - used);
const NOT_READ: MemoryReading = { memoryTotalBytes: null, memoryUsedBytes: null };
