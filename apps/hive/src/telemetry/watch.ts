import { setTimeout as wait } from "node:timers/promises";
import type { Logger } from "pino";
import type { Gpu, GpuReading, Load } from "../devices/gpu.ts";
import type { Gpus } from "../devices/gpus.ts";
import type { NvidiaGpu } from "../devices/nvidia-lines.ts";
import { type PciGpu, readPciGpus } from "../devices/pci.ts";
import { readAmdLoad } from "./amd.ts";
import { HostMeter, type HostTelemetry } from "./host.ts";
import { cardsToAsk, type GpuMemoryByPid, memoryByPid } from "./nvidia.ts";

/** A GPU as a heartbeat tells it. What is not known is null. */
export interface GpuTelemetry {
  index: number;
  uuid: string | null;
  memory_total_bytes: number | null;
  memory_used_bytes: number | null;
  utilization_percent: number | null;
  temperature_celsius: number | null;
  power_watts: number | null;
  asleep: boolean;
}

/** What a heartbeat says of its host. Without `gpus` they could not be read; an empty list is none. */
export interface Telemetry {
  gpus?: GpuTelemetry[];
  host: HostTelemetry;
}

interface TelemetryOptions {
  gpus: Gpus;
  log: Logger;
  /** Where the kernel tells of devices. Default: `/sys`. */
  sysfs?: string;
}

const UNKNOWN: Load = { memoryUsedBytes: null, utilizationPercent: null, temperatureCelsius: null, powerWatts: null };
/** A driver that was not kept loaded is started anew for each reading. */
const SLOW_MS = 1000;
/** A queen takes no GPU of a higher index, and would note each in every beat. */
const MAX_TOLD_GPUS = 64;
/** Drivers have hung in what takes them microseconds. */
const SYSFS_TIMEOUT_MS = 1000;

/** Reads what GPUs and host do, in the background: a beat waits for nothing, and takes what was read since it was last asked for. */
export class TelemetryWatch {
  readonly #options: TelemetryOptions;
  readonly #meter = new HostMeter();
  #host: HostTelemetry | undefined;
  #gpus: GpuTelemetry[] | undefined;
  #memoryByPid: GpuMemoryByPid | undefined;
  #running: Promise<void> | undefined;
  #isOutdated = false;
  #tookMs = 0;
  #amd: Promise<Map<number, Load>> | undefined;
  #isMemoryWanted = false;
  #saidSlow = false;

  constructor(options: TelemetryOptions) {
    this.#options = options;
  }

  /** What was read since `refresh` was last called, as a part of a heartbeat: old numbers are worse than none. */
  latest(): Partial<Telemetry> {
    return {
      ...(this.#gpus !== undefined && { gpus: this.#gpus }),
      ...(this.#host !== undefined && { host: this.#host }),
    };
  }

  /** On which a program may compute; undefined where that is not known. None only where it could not even use a processor's graphics. */
  gpusToUse(): readonly GpuTelemetry[] | undefined {
    const gpus = this.#gpus;
    return gpus?.length === 0 && this.#options.gpus.hasGraphics ? undefined : gpus;
  }

  /** Which process holds how much of which GPU; undefined where it is not known. It is read only while somebody asks. */
  gpuMemoryByPid(): GpuMemoryByPid | undefined {
    this.#isMemoryWanted = true;
    return this.#memoryByPid;
  }

  /** As long as the last reading. One that failed, as where nvidia-smi hangs, would be no use earlier either. */
  get tookMs(): number {
    return this.#tookMs;
  }

  /** Reads anew, unless a reading runs, which then began too early to be told. Never rejects. */
  refresh(): Promise<void> {
    this.#host = this.#meter.read();
    this.#gpus = undefined;
    this.#memoryByPid = undefined;
    this.#isOutdated = this.#running !== undefined;
    this.#running ??= this.#read()
      .catch(() => undefined) // the agent is stopping, or means are lacking: nothing is told
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  async #read(): Promise<void> {
    const startedMs = performance.now();
    const cards = (await readPciGpus(this.#options.sysfs)) ?? [];
    const toAsk = cardsToAsk(cards);
    const nvidia = toAsk?.length === 0 ? undefined : await this.#readNvidia(toAsk);
    const gpus = await this.#told(cards, nvidia);
    if (!this.#isOutdated) this.#gpus = gpus;
    const memoryByPid = await this.#readMemoryByPid(nvidia?.gpus ?? [], toAsk);
    if (!this.#isOutdated) this.#memoryByPid = memoryByPid;
    if (nvidia?.gpus !== null) this.#tookMs = performance.now() - startedMs;
  }

  async #told(cards: PciGpu[], nvidia: GpuReading<NvidiaGpu> | undefined): Promise<GpuTelemetry[] | undefined> {
    const known = this.#options.gpus.known().gpus;
    const asleep = new Set(cards.filter((card) => card.isAsleep).map(({ busId }) => busId));
    const amd = await this.#readAmd((known ?? []).filter(({ busId }) => busId === null || !asleep.has(busId)));
    const loads = new Map([...(nvidia?.gpus ?? []).map((gpu) => [gpu.index, gpu] as const), ...amd]);
    // Of a reading that failed nothing is told, but that a card sleeps is known without one.
    const isRead = nvidia === undefined || nvidia.gpus !== null;
    const told = known?.filter(({ vendor, busId }) => vendor !== "nvidia" || isRead || asleep.has(busId ?? ""));
    if (told?.length === 0 && known?.length !== 0) return undefined;
    const taken = told?.filter(({ index }) => index < MAX_TOLD_GPUS);
    return taken?.map((gpu) => toTelemetry(gpu, loads.get(gpu.index) ?? UNKNOWN, asleep.has(gpu.busId ?? "")));
  }

  async #readNvidia(busIds: readonly string[] | undefined): Promise<GpuReading<NvidiaGpu>> {
    const { gpus, log } = this.#options;
    const startedMs = performance.now();
    const reading = await gpus.readNvidia(busIds);
    const tookMs = Math.round(performance.now() - startedMs);
    if (reading.gpus !== null && tookMs > SLOW_MS && !this.#saidSlow) {
      this.#saidSlow = true;
      log.warn({ took_ms: tookMs }, "nvidia-smi takes long to read the GPUs: switch on nvidia-persistenced");
    }
    return reading;
  }

  async #readMemoryByPid(gpus: NvidiaGpu[], busIds: readonly string[] | undefined) {
    const isWanted = this.#isMemoryWanted && gpus.length > 0;
    this.#isMemoryWanted = false;
    return isWanted ? memoryByPid(await this.#options.gpus.nvidiaSmi.readProcesses(busIds), gpus) : undefined;
  }

  /** By index. What hangs is not asked again before it ends. */
  async #readAmd(gpus: Gpu[]): Promise<Map<number, Load>> {
    this.#amd ??= loadsOf(gpus, this.#options.sysfs).finally(() => {
      this.#amd = undefined;
    });
    return Promise.race([this.#amd, wait(SYSFS_TIMEOUT_MS, new Map(), { ref: false })]);
  }
}

async function loadsOf(gpus: Gpu[], sysfs: string | undefined): Promise<Map<number, Load>> {
  const loads = new Map<number, Load>();
  for (const { vendor, busId, index } of gpus) {
    if (vendor === "amd" && busId !== null) loads.set(index, await readAmdLoad(busId, sysfs));
  }
  return loads;
}

const toTelemetry = ({ index, uuid, memoryTotalBytes }: Gpu, load: Load, asleep: boolean): GpuTelemetry => ({
  index,
  uuid,
  memory_total_bytes: memoryTotalBytes,
  memory_used_bytes: load.memoryUsedBytes,
  utilization_percent: load.utilizationPercent,
  temperature_celsius: load.temperatureCelsius,
  power_watts: load.powerWatts,
  asleep,
});
