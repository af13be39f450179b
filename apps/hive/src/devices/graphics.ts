import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import { MAX_GPUS, MAX_NAME_LENGTH } from "./gpu.ts";
import type { OtherGpu, OtherReading } from "./other-gpus.ts";
import { type OutputOptions, outputOf } from "./output.ts";

const BYTES_PER_MIB = 2 ** 20;
const MIN_MIB = 512;
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

const isNvidias = ({ vendor, model }: Controller): boolean => /nvidia/i.test(`${vendor} ${model}`);

function toGpu({ vendor, model, vram, vramDynamic }: Controller): OtherGpu | undefined {
  if (vramDynamic) return undefined;
  const name = (model.startsWith(vendor) ? model : `${vendor} ${model}`).trim().slice(0, MAX_NAME_LENGTH);
  // Less than half a GB is a console's or a virtual machine's adapter, not a GPU that could hold a model.
  if (name === "" || vram === null || vram < MIN_MIB) return undefined;
  const memoryTotalBytes = Math.round(vram * BYTES_PER_MIB);
  return { name, vendor: null, backend: null, uuid: null, busId: null, memoryTotalBytes, unified: false };
}

/** Reads the controllers that systeminformation printed. NVIDIA's are left to nvidia-smi. */
export function parseControllers(json: string): OtherReading {
  try {
    const controllers = Controllers.parse(JSON.parse(json)).filter((controller) => !isNvidias(controller));
    const gpus = controllers.map(toGpu).filter((gpu) => gpu !== undefined);
    const hasGraphics = gpus.length < controllers.length;
    return { gpus: gpus.slice(0, MAX_GPUS), nvidiaBusIds: [], problems: [], ...(hasGraphics && { hasGraphics }) };
  } catch {
    return unread("systeminformation wrote something else than graphics controllers");
  }
}

/** GPUs where there is no Linux, as far as systeminformation sees them with memory of their own. */
export async function detectGraphics(options: OutputOptions): Promise<OtherReading> {
  // In a process of its own: systeminformation waits without limit for the programs it runs, partly inside the event loop.
  const output = await outputOf(process.execPath, PROGRAM, options);
  if ("reason" in output) return unread(`systeminformation ${output.reason}`);
  return output.failure === undefined ? parseControllers(output.stdout) : unread(`systeminformation ${output.failure}`);
}

const unread = (problem: string): OtherReading => ({ gpus: null, nvidiaBusIds: [], problems: [problem] });
