import * as z from "zod";

/** Bounds of single fields, shared by the TypeScript form and the JSON form so that neither accepts more than the other. */
export const U32_MAX = 4_294_967_295;
export const MAX_GPUS = 1024;

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
/** Whether a value keeps the rule of names. */
export const isName = (value: unknown): value is string =>
  typeof value === "string" && value !== "" && value.length <= MAX_NAME_LENGTH;
/** Half of a character, which JSON can hold, would keep many programs from reading the devices of all hives. */
const wholeCharacters = (text: string) => text.toWellFormed();
const name = z.string(NAME).min(1, NAME).max(MAX_NAME_LENGTH, NAME).overwrite(wholeCharacters);
export const gpuName = name.meta({ description: 'Product name, such as "NVIDIA RTX 4090"' });
export const vram = gigabytes
  .nullable()
  .meta({ description: "GB of 2^30 bytes of its own memory, rounded; null where that is not known" });

/** What not every host says of its GPUs: absent where it is not known. One name each in TypeScript and in JSON. */
export const furtherOfGpu = {
  uuid: name.meta({ description: 'What its driver calls it wherever it is plugged in, such as "GPU-5a2e…"' }),
  vendor: name.meta({ description: 'Who made it, such as "nvidia"' }),
  backend: name.meta({ description: 'What its host drives it with, such as "cuda"' }),
  unified: z.boolean(rule("must be true or false")).meta({
    description: "Whether it works in the memory of the host, which then is the bound",
  }),
};
type FurtherOfGpu = { [Name in keyof typeof furtherOfGpu]?: z.infer<(typeof furtherOfGpu)[Name]> | undefined };

/** Those that are known. */
export function knownFurther({ uuid, vendor, backend, unified }: FurtherOfGpu) {
  return {
    ...(uuid !== undefined && { uuid }),
    ...(vendor !== undefined && { vendor }),
    ...(backend !== undefined && { backend }),
    ...(unified !== undefined && { unified }),
  };
}

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
export const CpuDevice = z
  .object({ cores, ramGb: gigabytes }, OBJECT)
  .meta({ id: "CpuDevice", description: "The CPU and the main memory of a host" });
export type CpuDevice = z.infer<typeof CpuDevice>;

/** One GPU of a host. */
export const GpuDevice = z
  .object({ index: gpuIndex, name: gpuName, vramGb: vram, ...z.object(furtherOfGpu).partial().shape }, OBJECT)
  .meta({ id: "GpuDevice", description: "One GPU of a host" });
export type GpuDevice = z.infer<typeof GpuDevice>;

const gpus = z.array(GpuDevice, GPU_LIST).max(MAX_GPUS, GPU_LIST).check(checkUniqueIndexes).nullable();

/** What a host can run workers on. What could not be read is null; `gpus` is empty when there are none. */
export const DeviceCapabilities = z
  .object({ cpu: CpuDevice.nullable(), gpus }, OBJECT)
  .meta({ id: "DeviceCapabilities", description: "What a host can run workers on" });
export type DeviceCapabilities = z.infer<typeof DeviceCapabilities>;

const MAX_PROBLEMS = 16;
const MAX_PROBLEM_LENGTH = 256;

/** No half of a character is left at the end. */
const cut = (text: string) => text.slice(0, MAX_PROBLEM_LENGTH).replace(/\p{Surrogate}$/u, "");

/** What a hive answers when it is asked for its devices. What is longer than `problems` may be is cut, of the hive's own and of an answer. */
export const DeviceReport = DeviceCapabilities.extend({
  problems: z
    .array(z.string().overwrite(cut))
    .overwrite((problems) => problems.slice(0, MAX_PROBLEMS))
    .meta({ description: `In words, what could not be read: at most ${MAX_PROBLEMS} sentences` }),
}).meta({ id: "DeviceReport", description: "Devices, and what of them could not be read" });
export type DeviceReport = z.infer<typeof DeviceReport>;
