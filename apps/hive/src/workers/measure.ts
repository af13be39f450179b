import { readdir } from "node:fs/promises";
import { unlessExhausted } from "@repo/processes";
import type { WorkerJson } from "./beat-json.ts";

/** Memory of GPUs by the process that holds it; null is what is not known. */
export type GpuMemoryByPid = ReadonlyMap<number, Held>;
type Held = readonly { readonly gpuIndex: number | null; readonly bytes: number | null }[];

/** What is known of the GPUs of this host. */
export interface GpuView {
  /** Undefined where it could not be read. */
  readonly gpuMemory: GpuMemoryByPid | undefined;
  /** Undefined where they could not be read; empty where there are none. */
  readonly gpus:
    | readonly { readonly index: number; readonly utilization_percent?: number | null | undefined }[]
    | undefined;
}

type OnGpus = Pick<WorkerJson, "backend" | "device_id" | "device_ids" | "vram_bytes" | "gpu_percent">;

/** What those processes together take of the GPUs. What is not known is absent. */
export function measureOnGpus(pids: readonly number[], { gpuMemory, gpus }: GpuView): OnGpus {
  const held = pids.flatMap((pid) => gpuMemory?.get(pid) ?? []);
  // On a host with GPUs, one that no source names may still use one by another way.
  if (held.length === 0) return gpus?.length === 0 ? { backend: "cpu" } : {};
  const vram_bytes = held.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0);
  const isKnown = held.every(({ bytes }) => bytes !== null);
  return { backend: "cuda", ...(isKnown && { vram_bytes }), ...placesOf(held, gpus) };
}

/** On which GPUs they are; nothing where that is not known of each. */
function placesOf(held: Held, gpus: GpuView["gpus"]): OnGpus {
  const byGpu = new Map<number, number>();
  for (const { gpuIndex, bytes } of held) {
    if (gpuIndex === null) return {};
    byGpu.set(gpuIndex, (byGpu.get(gpuIndex) ?? 0) + (bytes ?? 0));
  }
  const most = [...byGpu].toSorted(([, a], [, b]) => b - a);
  const device_id = most[0]?.[0];
  return {
    device_id,
    device_ids: [...byGpu.keys()].toSorted((a, b) => a - b),
    gpu_percent: gpus?.find(({ index }) => index === device_id)?.utilization_percent ?? undefined,
  };
}

const KFD = "/sys/class/kfd/kfd/proc";

/** Processes that use a GPU by AMD's driver. Rejects where that cannot be read for lack of means. */
export async function readKfdPids(): Promise<ReadonlySet<number>> {
  return new Set((await readdir(KFD).catch(unlessExhausted))?.map(Number));
}
