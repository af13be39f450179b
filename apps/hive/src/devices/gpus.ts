import { ProgramTurns } from "@repo/processes";
import type { Logger } from "pino";
import { type Gpu, type GpuReading, MAX_GPUS } from "./gpu.ts";
import { detectGraphics } from "./graphics.ts";
import type { NvidiaGpu } from "./nvidia-lines.ts";
import { NvidiaSmi } from "./nvidia-smi.ts";
import { type OtherGpu, readOtherGpus } from "./other-gpus.ts";
import type { OutputOptions } from "./output.ts";

interface GpusOptions {
  /** How long each program that reads GPUs may take. */
  timeoutMs: number;
  /** Kills what a reading has started; readings then reject with its reason. */
  signal: AbortSignal;
  log: Logger;
  /** Where the kernel tells of devices. Default: `/sys`. */
  sysfs?: string;
}

/** The GPUs of this host, by all sources that there are. */
export class Gpus {
  readonly nvidiaSmi: NvidiaSmi;
  readonly #options: OutputOptions & { sysfs?: string };
  readonly #log: Logger;
  readonly #logged = { nvidia: "", others: "" };
  #nvidia: GpuReading<NvidiaGpu> = { gpus: null, problems: ["nvidia-smi has not answered yet"] };
  #others: GpuReading<OtherGpu> = { gpus: null, problems: ["the cards on the bus were not read yet"] };
  #nvidiaBusIds: string[] = [];
  #hasGraphics = false;

  constructor({ log, ...options }: GpusOptions) {
    this.#log = log;
    this.#options = { ...options, turns: new ProgramTurns() };
    this.nvidiaSmi = new NvidiaSmi(this.#options);
  }

  /** Asks every source; `known` tells what is found, as it comes. Rejects only by the signal. */
  async read(): Promise<void> {
    const others = await (process.platform === "linux" ? readOtherGpus : detectGraphics)(this.#options);
    if (others.gpus !== null) {
      this.#nvidiaBusIds = others.nvidiaBusIds;
      this.#hasGraphics = others.hasGraphics ?? false;
    }
    this.#others = learned(this.#others, others);
    this.#logChange("others", this.#others);
    await this.readNvidia();
  }

  /** Whether a processor of this host has graphics, which are not among the GPUs. */
  get hasGraphics(): boolean {
    return this.#hasGraphics;
  }

  /** Asks nvidia-smi alone, for what changes all the time; of those cards alone, or of all. */
  async readNvidia(busIds: readonly string[] = []): Promise<GpuReading<NvidiaGpu>> {
    const reading = this.#besideCards(await this.nvidiaSmi.readGpus(busIds));
    const gpus = reading.gpus && [...this.#notAsked(busIds, reading.gpus), ...reading.gpus];
    this.#nvidia = learned(this.#nvidia, { ...reading, gpus: gpus?.toSorted((a, b) => a.index - b.index) ?? null });
    this.#logChange("nvidia", this.#nvidia);
    return reading;
  }

  /** Of them a reading of some cards says nothing. */
  #notAsked(busIds: readonly string[], read: readonly NvidiaGpu[]): NvidiaGpu[] {
    if (busIds.length === 0) return [];
    const indexes = new Set(read.map(({ index }) => index));
    const known = this.#nvidia.gpus ?? [];
    return known.filter(({ index, busId }) => !indexes.has(index) && !busIds.includes(busId ?? ""));
  }

  /** GPUs are null when some could not be read and none is known: that is another thing than none. */
  known(): { gpus: Gpu[] | null; problems: string[] } {
    const sources = [this.#nvidia, this.#others];
    const gpus = numberGpus(this.#nvidia.gpus ?? [], this.#others.gpus ?? []).slice(0, MAX_GPUS);
    const isNobodyThere = sources.every((source) => source.gpus === null);
    const isUnread = sources.some((source) => source.gpus === null && source.missing === undefined);
    const missing = isNobodyThere ? sources.map((source) => source.missing).filter((text) => text !== undefined) : [];
    return {
      gpus: gpus.length === 0 && (isUnread || isNobodyThere) ? null : gpus,
      problems: [...sources.flatMap(({ problems }) => problems), ...missing],
    };
  }

  /** That there are none, and that nvidia-smi is missing, is believed on a host without a card for it. */
  #besideCards(reading: GpuReading<NvidiaGpu>): GpuReading<NvidiaGpu> {
    const [busId] = this.#nvidiaBusIds;
    const none = reading.gpus?.length === 0 ? "nvidia-smi finds no device" : reading.missing;
    if (none === undefined || busId === undefined) return reading;
    return { gpus: null, problems: [`${none}, and there is a card of NVIDIA's at ${busId}`] };
  }

  #logChange(source: "nvidia" | "others", { problems, missing }: GpuReading<unknown>): void {
    const problem = [...problems, ...(missing === undefined ? [] : [missing])].join("; ");
    if (problem !== this.#logged[source] && problem !== "")
      this.#log.warn({ source }, `GPUs may be missing: ${problem}`);
    this.#logged[source] = problem;
  }
}

/** What is known of a source, and why it is not more. A reading that fails takes nothing away: the cards are still there. */
const learned = <G>(known: GpuReading<G>, { gpus, problems, missing }: GpuReading<G>): GpuReading<G> => ({
  gpus: gpus ?? known.gpus,
  problems,
  ...(missing !== undefined && { missing }),
});

/** NVIDIA's have their own indexes, in the order of the bus; the others are numbered after them. */
function numberGpus(nvidia: NvidiaGpu[], others: OtherGpu[]): Gpu[] {
  const next = Math.max(-1, ...nvidia.map((gpu) => gpu.index)) + 1;
  return [...nvidia, ...others.map((gpu, position) => ({ index: next + position, ...gpu }))];
}
