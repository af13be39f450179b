import * as z from "zod";
import {
  cores,
  DeviceCapabilities,
  DeviceReport,
  furtherOfGpu,
  GPU_LIST,
  gigabytes,
  gpuIndex,
  gpuName,
  knownFurther,
  OBJECT,
  vram,
} from "./devices.ts";

const CpuJson = z.object({ cores, ram_gb: gigabytes }, OBJECT);

/** The ancestor system wrote `"id":"gpu0"` where this one writes `"index":0`. */
const AncestorGpuId = z.string('must look like "gpu0"').regex(/^gpu\d{1,9}$/, 'must look like "gpu0"');

const GpuJson = z.object(
  { index: gpuIndex, name: gpuName, vram_gb: vram, ...z.object(furtherOfGpu).partial().shape },
  OBJECT,
);

/** Of what a host reports, an optional field that cannot be used is not known. */
const usable = <Schema extends z.ZodType>(schema: Schema) => schema.optional().catch(undefined);
const { uuid, vendor, backend, unified } = furtherOfGpu;
const ReportedGpuJson = GpuJson.extend({
  index: gpuIndex.optional(),
  id: AncestorGpuId.optional(),
  uuid: usable(uuid),
  vendor: usable(vendor),
  backend: usable(backend),
  unified: usable(unified),
}).refine((gpu) => gpu.index !== undefined || gpu.id !== undefined, { path: ["index"], message: "is required" });
const reported = { cpu: CpuJson.nullish(), gpus: z.array(ReportedGpuJson, GPU_LIST).nullable() };

type CapabilitiesJson = {
  cpu?: z.infer<typeof CpuJson> | null | undefined;
  gpus: z.infer<typeof ReportedGpuJson>[] | null;
};

function decode({ cpu, gpus }: CapabilitiesJson): DeviceCapabilities {
  return {
    cpu: cpu ? { cores: cpu.cores, ramGb: cpu.ram_gb } : null,
    gpus:
      gpus?.map((gpu) => ({
        index: gpu.index ?? Number(gpu.id?.slice("gpu".length)),
        name: gpu.name,
        vramGb: gpu.vram_gb,
        ...knownFurther(gpu),
      })) ?? null,
  };
}

/** The JSON form of devices that are known to be sound; `DeviceCapabilitiesJson.encode` is the same and checks them. */
export function toDeviceCapabilitiesJson({ cpu, gpus }: DeviceCapabilities) {
  return {
    cpu: cpu && { cores: cpu.cores, ram_gb: cpu.ramGb },
    gpus: gpus?.map((gpu) => ({ index: gpu.index, name: gpu.name, vram_gb: gpu.vramGb, ...knownFurther(gpu) })) ?? null,
  };
}

/**
 * `DeviceCapabilities` as they travel and are stored: `{"cpu":{"cores":8,"ram_gb":32}|null,"gpus":[{"index":0,"name":"RTX 3060","vram_gb":12}]|null}`.
 * Decoding ignores further keys and reads the ancestor's `"id":"gpu0"` in place of `index`; encoding writes the form above.
 */
export const DeviceCapabilitiesJson = z
  .codec(z.object(reported, OBJECT), DeviceCapabilities, { decode, encode: toDeviceCapabilitiesJson })
  .meta({ id: "DeviceCapabilitiesJson", description: "Devices as a hive reports them" });
export type DeviceCapabilitiesJson = ReturnType<typeof toDeviceCapabilitiesJson>;

const isText = (value: unknown) => typeof value === "string";

/** `DeviceReport` as it travels: the same form, with a list of `problems` where there are any. Of a list, what is no text is left out. */
export const DeviceReportJson = z
  .codec(z.object({ ...reported, problems: usable(z.array(z.unknown())) }, OBJECT), DeviceReport, {
    decode: ({ problems = [], ...json }) => ({ ...decode(json), problems: problems.filter(isText) }),
    encode: ({ problems, ...devices }) => ({
      ...toDeviceCapabilitiesJson(devices),
      ...(problems.length > 0 && { problems }),
    }),
  })
  .meta({ id: "DeviceReportJson", description: "What a hive answers when it is asked for its devices" });

const StrictGpuJson = GpuJson.strict().meta({ id: "StrictGpuJson" });

/** The same form as `DeviceCapabilitiesJson` for input that a person wrote: a key that is not known is an error. */
export const StrictDeviceCapabilitiesJson = z
  .codec(
    z.strictObject({ cpu: CpuJson.strict().nullable(), gpus: z.array(StrictGpuJson, GPU_LIST).nullable() }, OBJECT),
    DeviceCapabilities,
    { decode, encode: toDeviceCapabilitiesJson },
  )
  .meta({ id: "StrictDeviceCapabilitiesJson", description: "Devices as an operator writes them" });
