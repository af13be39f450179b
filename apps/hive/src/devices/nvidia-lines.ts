import { type Gpu, type Load, MAX_GPUS, MAX_NAME_LENGTH } from "./gpu.ts";

export type NvidiaGpu = Gpu & Load;

/** The first three were all that could be asked for once; they may come alone. */
export const COLUMNS = [
  "index",
  "name",
  "memory.total",
  "uuid",
  "pci.bus_id",
  "memory.used",
  "utilization.gpu",
  "temperature.gpu",
  "power.draw",
];
const FURTHER_COLUMNS = COLUMNS.length - 3;

const BYTES_PER_MIB = 2 ** 20;
const NUMBER = /^(\d{1,15}(?:\.\d{1,9})?)(?: ?(?:MiB|%|C|W))?$/;
/** How nvidia-smi says that it does not know: `[N/A]`, `[Insufficient Permissions]`, `[GPU requires reset]`, `ERR!`, nothing … */
const UNKNOWN = /^(?:|-|\[.*\]|N\/A|ERR!|Not Supported|Unknown(?: Error)?|Insufficient Permissions)$/i;
const UUID = /^(?:GPU|MIG)-\S+$/;
const BUS_ID = /^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/i;
/** Chips that have no memory of their own. */
const UNIFIED = /\b(?:GB10|Orin|Thor|Xavier|Jetson|Tegra|nvgpu)\b/i;
const MAX_PROBLEM_LENGTH = 200;

interface NvidiaLines {
  gpus: NvidiaGpu[];
  /** Lines that describe no GPU: what nvidia-smi has to say beside them. */
  others: string[];
}

/** Reads nvidia-smi's CSV. A line stands for itself, and a field too: what cannot be read hides nothing else. */
export function parseNvidiaLines(csv: string): NvidiaLines {
  const gpus = new Map<number, NvidiaGpu>();
  const others: string[] = [];
  const lines = csv.split("\n").filter((line) => line.trim() !== "");
  const areWhole = lines.some(isWhole);
  for (const line of lines) {
    // Beside whole lines a shorter one was cut off, and so may be its last number.
    const gpu = areWhole && !isWhole(line) ? undefined : parseLine(line);
    if (gpu !== undefined && !gpus.has(gpu.index) && gpus.size < MAX_GPUS) gpus.set(gpu.index, gpu);
    else others.push(line.trim().slice(0, MAX_PROBLEM_LENGTH));
  }
  return { gpus: [...gpus.values()], others };
}

const isWhole = (line: string): boolean => line.split(",").length >= COLUMNS.length;

/**
 * From outside in, because a name may hold commas, and nothing else: index, as many cells as were asked for behind the name, and the rest is
 * the name. What a cell holds does not move the others.
 */
function parseLine(line: string): NvidiaGpu | undefined {
  const cells = line.split(",");
  const further = isWhole(line) ? cells.splice(-FURTHER_COLUMNS).map((cell) => cell.trim()) : [];
  const [index = "", ...names] = cells;
  const memory = names.pop()?.trim();
  const name = names.join(",").trim();
  if (memory === undefined || !/^\s*\d{1,5}\s*$/.test(index)) return undefined;
  // One that was cut off, or a sentence with commas, tells no memory behind the name.
  if (!isWhole(line) && (name === "" || !isNumberOrUnknown(memory))) return undefined;
  return { index: Number(index), ...described(UNKNOWN.test(name) ? "NVIDIA GPU" : name, memory), ...toldBy(further) };
}

function described(name: string, memory: string) {
  const unified = UNIFIED.test(name);
  return {
    name: name.slice(0, MAX_NAME_LENGTH),
    vendor: "nvidia",
    backend: "cuda",
    memoryTotalBytes: unified ? null : mibIn(memory) || null,
    unified,
  } as const;
}

function toldBy([uuid = "", busId = "", memoryUsed = "", utilization = "", temperature = "", power = ""]: string[]) {
  return {
    uuid: UUID.test(uuid) ? uuid.slice(0, MAX_NAME_LENGTH) : null,
    // nvidia-smi writes eight digits for the domain, Linux four.
    busId: BUS_ID.test(busId) ? busId.slice(-"0000:00:00.0".length).toLowerCase() : null,
    memoryUsedBytes: mibIn(memoryUsed),
    utilizationPercent: numberIn(utilization),
    temperatureCelsius: numberIn(temperature),
    powerWatts: numberIn(power),
  };
}

const isNumberOrUnknown = (text: string): boolean => NUMBER.test(text) || UNKNOWN.test(text);

/** Null is what is not known, never 0. */
function numberIn(text: string): number | null {
  const [, digits] = NUMBER.exec(text) ?? [];
  return digits === undefined ? null : Number(digits);
}

/** nvidia-smi writes whole ones: a part of one is a number that is grouped by its thousands. */
export function mibIn(text: string): number | null {
  const bytes = (numberIn(text) ?? Number.NaN) * BYTES_PER_MIB;
  return Number.isSafeInteger(bytes) && bytes % BYTES_PER_MIB === 0 ? bytes : null;
}
