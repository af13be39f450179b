import { z } from "zod";

/** Bounds of single fields, shared by the TypeScript form and the JSON form so that neither accepts more than the other. */
const U32_MAX = 4_294_967_295;
const MAX_GPUS = 1024;

export const cores = z.int().min(1).max(U32_MAX).meta({ description: "CPU cores that the host offers" });
export const gigabytes = z.int().min(0).max(U32_MAX).meta({ description: "GB of 2^30 bytes, rounded" });
export const gpuIndex = z.int().min(0).max(U32_MAX).meta({ description: "Index of the GPU on its host: 0, 1, 2, …" });
export const gpuName = z.string().min(1).max(256).meta({ description: 'Product name, such as "NVIDIA RTX 4090"' });

/** Rejects a second GPU with an index that an earlier one has. */
export function checkUniqueIndexes(context: z.core.ParsePayload<{ index: number }[]>): void {
  const seen = new Set<number>();
  context.value.forEach(({ index }, position) => {
    if (seen.has(index)) {
      context.issues.push({
        code: "custom",
        input: index,
        path: [position, "index"],
        message: `GPU indexes must be unique, but ${index} is there twice`,
      });
    }
    seen.add(index);
  });
}

/** The CPU and the main memory of a host. */
export const CpuDevice = z
  .object({ cores, ramGb: gigabytes })
  .meta({ id: "CpuDevice", description: "The CPU and the main memory of a host" });
export type CpuDevice = z.infer<typeof CpuDevice>;

/** One GPU of a host. */
export const GpuDevice = z
  .object({ index: gpuIndex, name: gpuName, vramGb: gigabytes })
  .meta({ id: "GpuDevice", description: "One GPU of a host" });
export type GpuDevice = z.infer<typeof GpuDevice>;

/** What a host can run workers on. `cpu` is null when it could not be read; `gpus` is empty when there are none. */
export const DeviceCapabilities = z
  .object({ cpu: CpuDevice.nullable(), gpus: z.array(GpuDevice).max(MAX_GPUS).check(checkUniqueIndexes) })
  .meta({ id: "DeviceCapabilities", description: "What a host can run workers on" });
export type DeviceCapabilities = z.infer<typeof DeviceCapabilities>;
