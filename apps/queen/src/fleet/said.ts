import type { GpuDevice } from "@repo/device-types";
import type { HiveRecord } from "@repo/hive-catalog";
import type { Shown } from "./workers/heartbeat.ts";
import { loadOfAll } from "./workers/load.ts";
import { type GpuUsage, type MemoryUsage, usageOf } from "./workers/usage.ts";
import { whyNoWork } from "./workers/why-no-work.ts";
import type { Worker } from "./workers/worker.ts";

/** Of a row, what follows from the last heartbeat of its hive and its devices. */
export interface Said {
  /** Null unless its beats arrive here. */
  readonly workers: WorkerCounts | null;
  /** How much of its workers is taken, from 0 to 1; null unless there are some that are known. */
  readonly load: number | null;
  /** The models that its workers serve, in order; null unless its beats arrive here. */
  readonly models: readonly string[] | null;
  readonly ram: MemoryUsage;
  /** Null while it is not known which it has. */
  readonly gpus: readonly GpuUsage[] | null;
  readonly vram: MemoryUsage;
}

const COUNTED = { Idle: "idle", Busy: "busy", Loading: "loading", Error: "error" } as const;
/** By their states; those that shut down are not counted. */
type WorkerCounts = Readonly<Record<(typeof COUNTED)[keyof typeof COUNTED], number>>;

type SaidOfWork = { readonly said: Said; readonly whyNoWork: string | undefined };

interface Kept extends SaidOfWork {
  readonly reading: Shown["reading"];
  readonly hive: HiveRecord;
}

/** Finds out what a heartbeat says, once for all who read the row of its hive until the next one comes. */
export class SaidOnce {
  /** By the workers of a beat, which are forgotten with it. */
  readonly #kept = new WeakMap<readonly Worker[], Kept>();

  /** `heard` is undefined of a hive whose beats do not arrive here. */
  of(hive: HiveRecord, heard: Shown | undefined): SaidOfWork {
    if (heard === undefined) return saidOf(hive, undefined);
    const { workers, reading } = heard;
    const kept = this.#kept.get(workers);
    if (kept?.reading === reading && kept.hive.host === hive.host && haveSameDevices(kept.hive, hive)) return kept;
    const said = { ...saidOf(hive, heard), reading, hive };
    this.#kept.set(workers, said);
    return said;
  }
}

function haveSameDevices({ devices: one }: HiveRecord, { devices: other }: HiveRecord): boolean {
  if (one === null || other === null) return one === other;
  if (one.cpu?.ramGb !== other.cpu?.ramGb || one.gpus?.length !== other.gpus?.length) return false;
  return one.gpus === other.gpus || one.gpus?.every((gpu, n) => isSame(gpu, other.gpus?.[n])) === true;
}

function isSame(gpu: GpuDevice, other: GpuDevice | undefined): boolean {
  const { index, name, vramGb, uuid, unified } = gpu;
  return (
    index === other?.index &&
    name === other.name &&
    vramGb === other.vramGb &&
    uuid === other.uuid &&
    unified === other.unified
  );
}

function saidOf({ host, devices }: HiveRecord, heard: Shown | undefined): SaidOfWork {
  const { ram, gpus, vram } = usageOf(heard, devices);
  const knowsGpus = (devices?.gpus ?? heard?.reading?.gpus ?? null) !== null;
  const said = {
    workers: heard ? countsOf(heard.workers) : null,
    load: heard ? loadOfAll(heard.workers) : null,
    models: heard ? modelsOf(heard.workers) : null,
    ram,
    gpus: knowsGpus ? gpus : null,
    vram,
  };
  return { said, whyNoWork: whyNoWork(heard?.workers, host) };
}

function countsOf(workers: readonly Worker[]): WorkerCounts {
  const counts = { idle: 0, busy: 0, loading: 0, error: 0 };
  for (const { state } of workers) if (state !== "Shutdown") counts[COUNTED[state]] += 1;
  return counts;
}

function modelsOf(workers: readonly Worker[]): string[] {
  const models = workers.map(({ modelId }) => modelId).filter((model) => model !== null);
  return [...new Set(models)].sort();
}
