import type { GpuReading, Reading } from "./heartbeat.ts";

const NOT_READ = {
  uuid: null,
  memoryTotalBytes: null,
  memoryUsedBytes: null,
  utilizationPercent: null,
  temperatureCelsius: null,
  powerWatts: null,
  asleep: null,
};

/** The same, where the GPUs with those indexes have no memory of their own: what was measured of the host's is theirs. */
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
