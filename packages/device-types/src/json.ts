import * as z from "zod";
import { cores, DeviceCapabilities, GPU_LIST, gigabytes, gpuBackend, gpuIndex, gpuName, OBJECT } from "./devices.ts";

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

/** The JSON form of devices that are known to be sound; `DeviceCapabilitiesJson.encode` is the same and checks them. */
export function toDeviceCapabilitiesJson({ cpu, gpus }: DeviceCapabilities) {
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
export const DeviceCapabilitiesJson = z
  .codec(z.object({ cpu: CpuJson.nullish(), gpus: z.array(ReportedGpuJson, GPU_LIST) }, OBJECT), DeviceCapabilities, {
    decode,
    encode: toDeviceCapabilitiesJson,
  })
  .meta({ id: "DeviceCapabilitiesJson", description: "Devices as a hive reports them" });
export type DeviceCapabilitiesJson = ReturnType<typeof toDeviceCapabilitiesJson>;

/** The same form for input that a person wrote: a key that is not known is an error. */
export const StrictDeviceCapabilitiesJson = z
  .codec(
    z.strictObject({ cpu: CpuJson.strict().nullable(), gpus: z.array(GpuJson.strict(), GPU_LIST) }, OBJECT),
    DeviceCapabilities,
    {
      decode,
      encode: toDeviceCapabilitiesJson,
    },
  )
  .meta({ id: "StrictDeviceCapabilitiesJson", description: "Devices as an operator writes them" });
