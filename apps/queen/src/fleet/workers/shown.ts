import type { GpuReading, HostReading, Reading, Shown } from "./heartbeat.ts";
import type { Worker } from "./worker.ts";

/** Whether two beats of a hive show the same. Field by field, because each beat passes here. */
export const showSame = (one: Shown, other: Shown): boolean =>
  areSame(one.workers, other.workers, isSameWorker) && isSameReading(one.reading, other.reading);

function isSameWorker(one: Worker, other: Worker): boolean {
  return (
    one.state === other.state &&
    one.modelId === other.modelId &&
    one.healthStatus === other.healthStatus &&
    one.vramBytes === other.vramBytes &&
    one.ramBytes === other.ramBytes &&
    one.running === other.running &&
    one.slots === other.slots &&
    one.url === other.url &&
    one.port === other.port &&
    one.reachable === other.reachable &&
    one.deviceId === other.deviceId &&
    areSame(one.deviceIds, other.deviceIds, Object.is)
  );
}

function isSameReading(one: Reading | null, other: Reading | null): boolean {
  if (one === null || other === null) return one === other;
  return areSame(one.gpus, other.gpus, isSameGpu) && isSameHost(one.host, other.host);
}

function isSameGpu(one: GpuReading, other: GpuReading): boolean {
  return (
    one.index === other.index &&
    one.uuid === other.uuid &&
    one.memoryTotalBytes === other.memoryTotalBytes &&
    one.memoryUsedBytes === other.memoryUsedBytes &&
    one.utilizationPercent === other.utilizationPercent
  );
}

const isSameHost = (one: HostReading | null, other: HostReading | null): boolean =>
  one?.memoryTotalBytes === other?.memoryTotalBytes && one?.memoryUsedBytes === other?.memoryUsedBytes;

/** A list that is not known is like no other than such a one. */
function areSame<Item>(
  one: readonly Item[] | null,
  other: readonly Item[] | null,
  isSame: (one: Item, other: Item) => boolean,
): boolean {
  if (one === null || other === null) return one === other;
  return one.length === other.length && one.every((item, position) => isSame(item, other[position] as Item));
}
