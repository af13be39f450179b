import type { ModelOnDisk } from "./heartbeat.ts";
import type { Claim } from "./hive.ts";
import type { Worker, WorkerState } from "./worker.ts";

/** A worker and where it runs. */
export interface PlacedWorker {
  readonly hiveId: string;
  readonly worker: Worker;
  /** Where it answers, as far as that is known. */
  readonly url: string | null;
}

/** A worker that is promised to somebody. */
export interface ClaimedWorker {
  readonly claim: Claim;
  readonly placed: PlacedWorker;
}

/** Which workers are asked for; what is left out is not compared. */
export interface WorkerFilter {
  model?: string | undefined;
  state?: readonly WorkerState[] | undefined;
  backend?: string | undefined;
}

/** What a worker must be that gets work. */
export interface WorkQuery {
  model: string;
  backend?: string | undefined;
  /** Free on its GPUs, as they were measured. */
  minFreeVramBytes?: number | undefined;
  /** Whether it may run on this hive; default on any. */
  isChosen?: ((hiveId: string) => boolean) | undefined;
  /** Told how many workers and hives had to be scanned one by one, beyond what is kept ready. */
  onScanned?: (count: number) => void;
}

/** A model that no worker serves, where it would be loaded. */
export interface PlacedModel {
  readonly hiveId: string;
  readonly model: ModelOnDisk;
  /** Where the server answers that would load it, as far as that is known. */
  readonly url: string | null;
}

/** How many workers serve a model, by their states, and how many hives have it on disk. */
export interface KnownModel {
  readonly model: string;
  readonly workers: Readonly<Record<WorkerState, number>>;
  /** Of the idle ones those on hives that take no work. */
  readonly idleKept: number;
  readonly onDisk: number;
}
