import type { ServerAddress, Worker } from "./worker.ts";

/** What a hive says in a heartbeat. What it did not say, or cannot be used, is null. */
export interface Heartbeat {
  readonly hiveId: string;
  /** By the clock of the hive. */
  readonly timestampMs: number | null;
  readonly workers: readonly Worker[];
  /** null of a hive that measures nothing. */
  readonly reading: Reading | null;
  /** A beat is first of all a sign of life: what of it cannot be used is left out. */
  readonly unusable: readonly UnusablePart[];
}

/** What of it shows in the row of a hive; `reading` is null unless it is fresh. */
export type Shown = Pick<Heartbeat, "workers" | "reading">;

/** What a hive has measured of itself. */
export interface Reading {
  /** When, by the clock of the hive. */
  readonly readAtMs: number | null;
  readonly gpus: readonly GpuReading[] | null;
  readonly host: HostReading | null;
  /** What its servers could load. */
  readonly modelsOnDisk: readonly ModelOnDisk[] | null;
}

export interface GpuReading {
  readonly index: number;
  readonly uuid: string | null;
  readonly memoryTotalBytes: number | null;
  readonly memoryUsedBytes: number | null;
  readonly utilizationPercent: number | null;
  readonly temperatureCelsius: number | null;
  readonly powerWatts: number | null;
  /** Not read, because that would have woken it. */
  readonly asleep: boolean | null;
}

export interface HostReading {
  readonly memoryTotalBytes: number | null;
  readonly memoryUsedBytes: number | null;
  readonly cpuPercent: number | null;
}

/** A model that is on the disk of a hive, and the server there that would load it when it is asked for it. */
export interface ModelOnDisk extends ServerAddress {
  readonly modelId: string;
  /** As much memory as it takes at least. */
  readonly bytes: number | null;
  readonly server: string | null;
}

/** What a heartbeat is made of that can be left out of it: a whole entry of a list, or a single field, which is unknown then. */
export type Part = "worker" | "gpu" | "model" | "field";

/** What of a heartbeat cannot be used, and why. */
export interface UnusablePart {
  readonly part: Part;
  /** Such as `workers.vram_bytes`, whichever worker it is of. */
  readonly field: string;
  /** The rule that it breaks, and what arrived the first time. */
  readonly problem: string;
  /** How many of them. */
  readonly times: number;
}
