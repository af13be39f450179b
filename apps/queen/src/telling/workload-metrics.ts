import { Gauge, type Registry } from "prom-client";

/** What the page tells of the work on a live hive. */
export interface HiveWorkload {
  readonly id: string;
  readonly workers: readonly { readonly state: string }[];
  /** As they were measured; null when they were not, or too long ago. */
  readonly reading: { readonly gpus: readonly GpuSeen[] | null } | null;
}

interface GpuSeen {
  readonly index: number;
  readonly memoryTotalBytes: number | null;
  readonly memoryUsedBytes: number | null;
  readonly utilizationPercent: number | null;
  readonly temperatureCelsius: number | null;
  readonly powerWatts: number | null;
}

type Hives = () => Iterable<HiveWorkload>;

/** Of the fleet as a whole. */
export function showWorkload(hives: Hives, states: readonly string[], registry: Registry): void {
  const registers = [registry];
  new Gauge({
    name: "queen_workers",
    help: "Workers of live hives by state",
    labelNames: ["state"],
    registers,
    collect() {
      for (const state of states) this.set({ state }, 0);
      for (const { workers } of hives()) for (const { state } of workers) this.inc({ state });
    },
  });
  const ofGpus = (name: string, help: string, amountOf: (gpu: GpuSeen) => number | null) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        let sum = 0;
        for (const { reading } of hives())
          for (const gpu of reading?.gpus ?? []) sum += isMeasured(gpu) ? (amountOf(gpu) ?? 0) : 0;
        this.set(sum);
      },
    });
  ofGpus("queen_gpus_measured", "GPUs of live hives whose memory is measured", () => 1);
  ofGpus("queen_gpu_memory_total_bytes", "Memory of these GPUs", ({ memoryTotalBytes }) => memoryTotalBytes);
  ofGpus("queen_gpu_memory_used_bytes", "What is used of it", ({ memoryUsedBytes }) => memoryUsedBytes);
}

const isMeasured = ({ memoryTotalBytes, memoryUsedBytes }: GpuSeen): boolean =>
  memoryTotalBytes !== null && memoryUsedBytes !== null;

const BY_GPU = [
  ["memory_total_bytes", "Memory of a GPU", "memoryTotalBytes"],
  ["memory_used_bytes", "What is used of it, whoever uses it", "memoryUsedBytes"],
  ["utilization_percent", "How much of the time it works", "utilizationPercent"],
  ["temperature_celsius", "How warm it is", "temperatureCelsius"],
  ["power_watts", "What it draws", "powerWatts"],
] as const;

/** Of each live hive. What is not known is absent. */
export function showWorkloadOfEach(hives: Hives, registry: Registry): void {
  const registers = [registry];
  new Gauge({
    name: "queen_hive_workers",
    help: "Workers of a live hive by state",
    labelNames: ["hive_id", "state"],
    registers,
    collect() {
      this.reset();
      for (const { id, workers } of hives()) for (const { state } of workers) this.inc({ hive_id: id, state });
    },
  });
  for (const [name, help, field] of BY_GPU) {
    new Gauge({
      name: `queen_hive_gpu_${name}`,
      help,
      labelNames: ["hive_id", "gpu"],
      registers,
      collect() {
        this.reset();
        for (const { id, reading } of hives()) {
          for (const { index, [field]: value } of reading?.gpus ?? [])
            if (value !== null) this.set({ hive_id: id, gpu: index }, value);
        }
      },
    });
  }
}
