import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { GpuDevice } from "@repo/device-types";
import * as z from "zod";
import { type OutputOptions, outputOf } from "./output.ts";

/** A GPU that nvidia-smi does not know, in the order of the bus. It has no index of its own. */
export type OtherGpu = Omit<GpuDevice, "index">;

export interface OtherGpuReading {
  gpus: OtherGpu[];
  problem?: string;
}

const MIB_PER_GB = 1024;
const HERE = fileURLToPath(import.meta.url);
/** A file of its own; where the agent is one file, that file again. */
const PROGRAM = HERE.endsWith(".ts") ? [join(dirname(HERE), "graphics-program.js")] : [HERE, "graphics-program"];

const Controllers = z.array(
  z.object({
    vendor: z.string().catch(""),
    model: z.string().catch(""),
    /** MiB; absent when unknown. */
    vram: z.number().nullable().catch(null),
    /** The memory is a share of the host's RAM. */
    vramDynamic: z.boolean().catch(false),
  }),
);
type Controller = z.infer<typeof Controllers>[number];

function toGpu({ vendor, model, vram, vramDynamic }: Controller): OtherGpu | undefined {
  if (/nvidia/i.test(`${vendor} ${model}`) || vramDynamic) return undefined;
  const name = (model.startsWith(vendor) ? model : `${vendor} ${model}`).trim().slice(0, 256);
  const vramGb = Math.round((vram ?? 0) / MIB_PER_GB);
  // Less than half a GB is a console's or a virtual machine's adapter, not a GPU that could hold a model.
  if (name === "" || vramGb === 0) return undefined;
  return GpuDevice.omit({ index: true }).safeParse({ name, vramGb }).data;
}

/** Reads the controllers that systeminformation printed. NVIDIA's are left to nvidia-smi. */
export function parseControllers(json: string): OtherGpuReading {
  try {
    return {
      gpus: Controllers.parse(JSON.parse(json))
        .map(toGpu)
        .filter((gpu) => gpu !== undefined),
    };
  } catch {
    return { gpus: [], problem: "systeminformation wrote something else than graphics controllers" };
  }
}

/** AMD's and other GPUs, as far as systeminformation sees them with memory of their own. */
export async function detectOtherGpus(options: OutputOptions): Promise<OtherGpuReading> {
  // In a process of its own: systeminformation waits without limit for the programs it runs, partly inside the event loop.
  const result = await outputOf(process.execPath, PROGRAM, options);
  return result.ok ? parseControllers(result.stdout) : { gpus: [], problem: `systeminformation ${result.reason}` };
}
