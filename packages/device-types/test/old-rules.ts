/**
 * The rules of devices as they were before anything of a GPU could be unknown, word for word: what queens and agents of that time read and
 * write. They stay as they are.
 */
import * as z from "zod";

/** Bounds of single fields, shared by the TypeScript form and the JSON form so that neither accepts more than the other. */
const U32_MAX = 4_294_967_295;
const MAX_GPUS = 1024;

const MAX_NAME_LENGTH = 256;

/** One sentence for whatever breaks a rule; of what is missing, only whoever checks it can say how to leave it out. */
const rule = (text: string) => ({
  error: ({ input }: { input?: unknown }) => (input === undefined ? undefined : text),
});
const INTEGER = rule(`must be an integer from 0 to ${U32_MAX}`);
const CORES = rule(`must be an integer from 1 to ${U32_MAX}`);
const NAME = rule(`must be text of 1 to ${MAX_NAME_LENGTH} characters`);
const OBJECT = rule("must be an object");
const GPU_LIST = rule(`must be a list of at most ${MAX_GPUS} GPUs`);

const cores = z.int(CORES).min(1, CORES).max(U32_MAX, CORES).meta({ description: "CPU cores that the host offers" });
const gigabytes = z
  .int(INTEGER)
  .min(0, INTEGER)
  .max(U32_MAX, INTEGER)
  .meta({ description: "GB of 2^30 bytes, rounded" });
const gpuIndex = z
  .int(INTEGER)
  .min(0, INTEGER)
  .max(U32_MAX, INTEGER)
  .meta({ description: "Index of the GPU on its host: 0, 1, 2, …" });
const gpuName = z
  .string(NAME)
  .min(1, NAME)
  .max(MAX_NAME_LENGTH, NAME)
  .meta({ description: 'Product name, such as "NVIDIA RTX 4090"' });

const gpuBackend = z
  .string(NAME)
  .min(1, NAME)
  .max(MAX_NAME_LENGTH, NAME)
  .meta({ description: 'What its host drives it with, such as "cuda"; absent where that was not said' });

/** Rejects a second GPU with an index that an earlier one has. */
function checkUniqueIndexes(context: z.core.ParsePayload<{ index: number }[]>): void {
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
const CpuDevice = z
  .object({ cores, ramGb: gigabytes }, OBJECT)
  .meta({ id: "CpuDevice", description: "The CPU and the main memory of a host" });

/** One GPU of a host. */
const GpuDevice = z
  .object({ index: gpuIndex, name: gpuName, vramGb: gigabytes, backend: gpuBackend.optional() }, OBJECT)
  .meta({ id: "GpuDevice", description: "One GPU of a host" });

/** What a host can run workers on. `cpu` is null when it could not be read; `gpus` is empty when there are none. */
const DeviceCapabilities = z
  .object(
    { cpu: CpuDevice.nullable(), gpus: z.array(GpuDevice, GPU_LIST).max(MAX_GPUS, GPU_LIST).check(checkUniqueIndexes) },
    OBJECT,
  )
  .meta({ id: "DeviceCapabilities", description: "What a host can run workers on" });
type DeviceCapabilities = z.infer<typeof DeviceCapabilities>;

const CpuJson = z.object({ cores, ram_gb: gigabytes }, OBJECT);

/** The ancestor system wrote `"id":"gpu0"` where this one writes `"index":0`. */
const AncestorGpuId = z.string('must look like "gpu0"').regex(/^gpu\d{1,9}$/, 'must look like "gpu0"');

const GpuJson = z.object(
  { index: gpuIndex, name: gpuName, vram_gb: gigabytes, backend: gpuBackend.optional() },
  OBJECT,
);
/** Of what a host reports, an optional field that cannot be used is left out. */
const ReportedGpuJson = GpuJson.extend({
  index: gpuIndex.optional(),
  id: AncestorGpuId.optional(),
  backend: gpuBackend.optional().catch(undefined),
}).refine((gpu) => gpu.index !== undefined || gpu.id !== undefined, { path: ["index"], message: "is required" });

type CapabilitiesJson = {
  cpu?: z.infer<typeof CpuJson> | null | undefined;
  gpus: z.infer<typeof ReportedGpuJson>[];
};

function decode(json: CapabilitiesJson): DeviceCapabilities {
  return {
    cpu: json.cpu ? { cores: json.cpu.cores, ramGb: json.cpu.ram_gb } : null,
    gpus: json.gpus.map((gpu) => ({
      index: gpu.index ?? Number(gpu.id?.slice("gpu".length)),
      name: gpu.name,
      vramGb: gpu.vram_gb,
      ...(gpu.backend !== undefined && { backend: gpu.backend }),
    })),
  };
}

/** The JSON form of devices that are known to be sound. */
function toDeviceCapabilitiesJson({ cpu, gpus }: DeviceCapabilities) {
  return {
    cpu: cpu && { cores: cpu.cores, ram_gb: cpu.ramGb },
    gpus: gpus.map(({ index, name, vramGb, backend }) => ({
      index,
      name,
      vram_gb: vramGb,
      ...(backend !== undefined && { backend }),
    })),
  };
}

/**
 * `DeviceCapabilities` as they travel and are stored: `{"cpu":{"cores":8,"ram_gb":32}|null,"gpus":[{"index":0,"name":"RTX 3060","vram_gb":12}]}`.
 * Decoding ignores further keys and reads the ancestor's `"id":"gpu0"` in place of `index`; encoding writes the form above.
 */
export const OldDeviceCapabilitiesJson = z
  .codec(z.object({ cpu: CpuJson.nullish(), gpus: z.array(ReportedGpuJson, GPU_LIST) }, OBJECT), DeviceCapabilities, {
    decode,
    encode: toDeviceCapabilitiesJson,
  })
  .meta({ id: "DeviceCapabilitiesJson", description: "Devices as a hive reports them" });
