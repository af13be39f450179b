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
  read_at: string;
}

export interface TelemetryOptions {
  gpus: Gpus;
  log: Logger;
  /** Where the kernel tells of devices. Default: `/sys`. */
  sysfs?: string;
  /** Wall clock, in milliseconds. Default: `Date.now`. */
  now?: () => number;
}

const UNKNOWN: Load = { memoryUsedBytes: null, utilizationPercent: null, temperatureCelsius: null, powerWatts: null };
/** A driver that was not kept loaded is started anew for each reading. */
const SLOW_MS = 1000;
/** Drivers have hung in what takes them microseconds. */
const SYSFS_TIMEOUT_MS = 1000;
/** A reading that takes longer hangs where no deadline reaches it. */
const HANGING_MS = 60_000;

/** Reads what GPUs and host do, in the background: a beat takes the newest, and waits for nothing. */
export class TelemetryWatch {
  readonly #options: TelemetryOptions;
  readonly #host = new HostMeter();
  #latest: Telemetry | undefined;
  #running: Promise<void> | undefined;
  #startedMs = 0;
  #amd: Promise<Map<number, Load>> | undefined;
  #memoryByPid: GpuMemoryByPid | undefined;
  #isMemoryWanted = false;
  #saidSlow = false;

  constructor(options: TelemetryOptions) {
    this.#options = options;
  }

  /** The newest reading, as a part of a heartbeat; nothing before there is one, or while the next one hangs: old numbers are worse than none. */
  latest(): Partial<Telemetry> {
    const isHanging = this.#running !== undefined && performance.now() - this.#startedMs > HANGING_MS;
    return isHanging ? {} : (this.#latest ?? {});
  }

  /** Which process held how much of which GPU at the newest reading; undefined where it is not known. It is read only while somebody asks. */
  gpuMemoryByPid(): GpuMemoryByPid | undefined {
    this.#isMemoryWanted = true;
    return this.#memoryByPid;
  }

  /** Reads anew, unless a reading runs. Never rejects. */
  refresh(): Promise<void> {
    if (this.#running !== undefined) return this.#running;
    this.#startedMs = performance.now();
    this.#running = this.#read()
      .catch(() => undefined) // the agent is stopping
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  async #read(): Promise<void> {
    const { sysfs, now = Date.now } = this.#options;
    const cards = (await readPciGpus(sysfs)) ?? [];
    const gpus = await this.#readGpus(cards);
    const at = new Date(now()).toISOString();
    this.#latest = { ...(gpus !== undefined && { gpus }), host: this.#host.read(), read_at: at };
  }

  async #readGpus(cards: PciGpu[]): Promise<GpuTelemetry[] | undefined> {
    const toAsk = cardsToAsk(cards);
    const isAsked = toAsk?.length !== 0;
    const nvidia = isAsked ? await this.#readNvidia(toAsk) : undefined;
    if (!isAsked) this.#memoryByPid = undefined;
    const known = this.#options.gpus.known().gpus;
    const asleep = new Set(cards.filter((card) => card.isAsleep).map(({ busId }) => busId));
    const amd = await this.#readAmd((known ?? []).filter(({ busId }) => busId === null || !asleep.has(busId)));
    const loads = new Map([...(nvidia?.gpus ?? []).map((gpu) => [gpu.index, gpu] as const), ...amd]);
    // Of a reading that failed nothing is told, but that a card sleeps is known without one.
    const isRead = nvidia === undefined || nvidia.gpus !== null;
    const told = known?.filter(({ vendor, busId }) => vendor !== "nvidia" || isRead || asleep.has(busId ?? ""));
    if (told?.length === 0 && known?.length !== 0) return undefined;
    return told?.map((gpu) => toTelemetry(gpu, loads.get(gpu.index) ?? UNKNOWN, asleep.has(gpu.busId ?? "")));
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
    await this.#readMemoryByPid(reading.gpus, busIds);
    return reading;
  }

  async #readMemoryByPid(gpus: NvidiaGpu[] | null, busIds: readonly string[] | undefined): Promise<void> {
    const isWanted = this.#isMemoryWanted && gpus !== null && gpus.length > 0;
    this.#isMemoryWanted = false;
    const { nvidiaSmi } = this.#options.gpus;
    this.#memoryByPid = isWanted ? memoryByPid(await nvidiaSmi.readProcesses(busIds), gpus) : undefined;
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
