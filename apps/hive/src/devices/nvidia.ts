import { DeviceCapabilities, GpuDevice } from "@repo/device-types";
import { type OutputOptions, outputOf } from "./output.ts";

/** GPUs, and a sentence about what could not be read, if anything. */
export interface GpuReading {
  gpus: GpuDevice[];
  problem?: string;
}

const QUERY = ["--query-gpu=index,name,memory.total", "--format=csv,noheader,nounits"];
const MIB_PER_GB = 1024;

/** `0, NVIDIA GeForce RTX 4090, 24564`, with MiB. The first and the last comma count: a name may hold others. */
const LINE = /^\s*(\d{1,10})\s*,\s*(\S.*?)\s*,\s*(\d{1,12})\s*$/;

function parseLine(line: string): GpuDevice | undefined {
  const [, index, name, memoryMib] = LINE.exec(line) ?? [];
  const gpu = { index: Number(index), name, vramGb: Math.round(Number(memoryMib) / MIB_PER_GB) };
  return GpuDevice.safeParse(gpu).data;
}

/** Reads nvidia-smi's CSV. A line that cannot be read is left out and named, so that one broken GPU does not hide the others. */
export function parseNvidiaCsv(csv: string): GpuReading {
  const lines = csv.split("\n").filter((line) => line.trim() !== "");
  const gpus = lines.map(parseLine).filter((gpu) => gpu !== undefined);
  const checked = DeviceCapabilities.shape.gpus.safeParse(gpus);
  if (!checked.success) {
    return { gpus: [], problem: `nvidia-smi's answer cannot be used: ${checked.error.issues[0]?.message}` };
  }
  const unread = lines.find((line) => parseLine(line) === undefined);
  if (unread === undefined) return { gpus };
  return { gpus, problem: `nvidia-smi wrote a line that is no GPU: ${JSON.stringify(unread.slice(0, 200))}` };
}

/** The NVIDIA GPUs of this host. No nvidia-smi, or one that fails or hangs, means none. */
export async function detectNvidiaGpus(options: OutputOptions): Promise<GpuReading> {
  const result = await outputOf("nvidia-smi", QUERY, options);
  return result.ok ? parseNvidiaCsv(result.stdout) : { gpus: [], problem: `nvidia-smi ${result.reason}` };
}
