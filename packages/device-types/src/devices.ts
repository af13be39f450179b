import * as z from "zod";

/** Bounds of single fields, shared by the TypeScript form and the JSON form so that neither accepts more than the other. */
export const U32_MAX = 4_294_967_295;
const MAX_GPUS = 1024;

const MAX_NAME_LENGTH = 256;

/** One sentence for whatever breaks a rule; of what is missing, only whoever checks it can say how to leave it out. */
const rule = (text: string) => ({
  error: ({ input }: { input?: unknown }) => (input === undefined ? undefined : text),
});
const INTEGER = rule(`must be an integer from 0 to ${U32_MAX}`);
const CORES = rule(`must be an integer from 1 to ${U32_MAX}`);
const NAME = rule(`must be text of 1 to ${MAX_NAME_LENGTH} characters`);
export const OBJECT = rule("must be an object");
export const GPU_LIST = rule(`must be a list of at most ${MAX_GPUS} GPUs`);

export const cores = z
  .int(CORES)
  .min(1, CORES)
  .max(U32_MAX, CORES)
  .meta({ description: "CPU cores that the host offers" });
export const gigabytes = z
  .int(INTEGER)
  .min(0, INTEGER)
  .max(U32_MAX, INTEGER)
  .meta({ description: "GB of 2^30 bytes, rounded" });
export const gpuIndex = z
  .int(INTEGER)
  .min(0, INTEGER)
  .max(U32_MAX, INTEGER)
  .meta({ description: "Index of the GPU on its host: 0, 1, 2, …" });
export const gpuName = z
  .string(NAME)
  .min(1, NAME)
  .max(MAX_NAME_LENGTH, NAME)
  .meta({ description: 'Product name, such as "NVIDIA RTX 4090"' });

export const gpuBackend = z
  .string(NAME)
  .min(1, NAME)
  .max(MAX_NAME_LENGTH, NAME)
  .meta({ description: 'What its host drives it with, such as "cuda"; absent where that was not said' });

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
  .object({ cores, ramGb: gigabytes }, OBJECT)
  .meta({ id: "CpuDevice", description: "The CPU and the main memory of a host" });
export type CpuDevice = z.infer<typeof CpuDevice>;

/** One GPU of a host. */
export const GpuDevice = z
  .object({ index: gpuIndex, name: gpuName, vramGb: gigabytes, backend: gpuBackend.optional() }, OBJECT)
  .meta({ id: "GpuDevice", description: "One GPU of a host" });
export type GpuDevice = z.infer<typeof GpuDevice>;

/** What a host can run workers on. `cpu` is null when it could not be read; `gpus` is empty when there are none. */
export const DeviceCapabilities = z
  .object(
    { cpu: CpuDevice.nullable(), gpus: z.array(GpuDevice, GPU_LIST).max(MAX_GPUS, GPU_LIST).check(checkUniqueIndexes) },
    OBJECT,
  )
  .meta({ id: "DeviceCapabilities", description: "What a host can run workers on" });
export type DeviceCapabilities = z.infer<typeof DeviceCapabilities>;
