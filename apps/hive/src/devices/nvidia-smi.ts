import type { GpuReading } from "./gpu.ts";
import { COLUMNS, mibIn, type NvidiaGpu, parseNvidiaLines } from "./nvidia-lines.ts";
import { type Output, type OutputOptions, outputOf } from "./output.ts";

const FORMAT = "--format=csv,noheader,nounits";
const QUERY_GPUS = [`--query-gpu=${COLUMNS.join(",")}`, FORMAT];
const QUERY_PROCESSES = ["--query-compute-apps=gpu_uuid,pid,used_memory", FORMAT];
/** Also of memory that is not told at all: such a process holds some, and its sum is unknown. */
const PROCESS = /^([^,]*\S) *, *(\d{1,10}) *, *(.*)$/;
/** The answer of a host without a card, if nothing else is said; and of one whose cards failed to start. */
const NONE = /^no devices were found$/i;
const MAX_PAUSE = 32;
const MAX_LINES_TOLD = 8;

/** What one process holds of one GPU. */
export interface ProcessMemory {
  uuid: string;
  /** As the host counts, whatever container asks. */
  pid: number;
  usedBytes: number | null;
}

/** nvidia-smi of this host. After a run that hung it is left alone for 1 reading, then 2, 4 … 32, until one answers. */
export class NvidiaSmi {
  readonly #options: OutputOptions;
  readonly #running = new Map<string, Promise<GpuReading<NvidiaGpu>>>();
  #pause = 1;
  #readingsToSkip = 0;
  #hung = "";

  constructor(options: OutputOptions) {
    this.#options = options;
  }

  /** Of those cards alone, or of all. Calls for the same that come while a reading runs share it. Rejects only by the signal. */
  readGpus(busIds: readonly string[] = []): Promise<GpuReading<NvidiaGpu>> {
    const key = busIds.join();
    const reading = this.#running.get(key) ?? this.#read(busIds).finally(() => this.#running.delete(key));
    this.#running.set(key, reading);
    return reading;
  }

  /** Of those cards alone, or of all. Undefined when that could not be read: that a failed query tells of none is not that there is none. */
  async readProcesses(busIds: readonly string[] = []): Promise<ProcessMemory[] | undefined> {
    if (this.#readingsToSkip > 0) return undefined;
    const output = await this.#ask(QUERY_PROCESSES, busIds);
    if ("reason" in output) return undefined;
    const processes = parseProcesses(output.stdout);
    return processes.length === 0 && output.failure !== undefined ? undefined : processes;
  }

  async #read(busIds: readonly string[]): Promise<GpuReading<NvidiaGpu>> {
    if (this.#readingsToSkip > 0) {
      this.#readingsToSkip--;
      return { gpus: null, problems: [this.#hung] };
    }
    return toReading(await this.#ask(QUERY_GPUS, busIds));
  }

  async #ask(query: readonly string[], busIds: readonly string[]): Promise<Output> {
    const cards = busIds.length > 0 ? ["-i", busIds.join()] : [];
    const output = await outputOf("nvidia-smi", [...query, ...cards], this.#options);
    if ("reason" in output && output.wasKilled) {
      this.#hung = `nvidia-smi ${output.reason}`;
      this.#readingsToSkip = this.#pause;
      this.#pause = Math.min(this.#pause * 2, MAX_PAUSE);
    } else if ("stdout" in output) this.#pause = 1;
    return output;
  }
}

function toReading(output: Output): GpuReading<NvidiaGpu> {
  if ("reason" in output) {
    const problem = `nvidia-smi ${output.reason}`;
    return output.isMissing ? { gpus: null, problems: [], missing: problem } : { gpus: null, problems: [problem] };
  }
  const { stdout, failure } = output;
  const { gpus, others } = parseNvidiaLines(stdout);
  if (gpus.length === 0 && others.length === 1 && NONE.test(others[0] ?? "")) return { gpus, problems: [] };
  const said = others.slice(0, MAX_LINES_TOLD).map((line) => `nvidia-smi wrote: ${line}`);
  const problems = gpus.length === 0 && failure !== undefined ? [] : said;
  if (failure !== undefined && problems.length === 0) problems.push(`nvidia-smi ${failure}`);
  if (gpus.length > 0) return { gpus, problems };
  return { gpus: null, problems: problems.length > 0 ? problems : ["nvidia-smi wrote nothing"] };
}

function parseProcesses(csv: string): ProcessMemory[] {
  return csv
    .split("\n")
    .map((line) => PROCESS.exec(line.trim()))
    .filter((match) => match !== null)
    .map(([, uuid = "", pid, used = ""]) => ({ uuid, pid: Number(pid), usedBytes: mibIn(used) }));
}
