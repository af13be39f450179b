/** What a worker is doing. */
export const WORKER_STATES = ["Idle", "Busy", "Loading", "Error", "Shutdown"] as const;
export type WorkerState = (typeof WORKER_STATES)[number];

/** From where the server of a worker can be reached: from wherever its host can, or from its host alone. */
export const REACHES = ["all", "loopback"] as const;
export type Reach = (typeof REACHES)[number];

/** Where a server listens. What its hive did not say is null. */
export interface ServerAddress {
  readonly url: string | null;
  /** For a hive that does not know under which name others reach it, and says no `url`. */
  readonly port: number | null;
  readonly reachable: Reach | null;
}

/** A model that a server on a hive serves. What its hive did not say is null. */
export interface Worker extends ServerAddress {
  readonly workerId: string;
  readonly state: WorkerState;
  /** Of the worker, as its hive wrote it: an ISO 8601 time. */
  readonly lastHeartbeat: string;
  readonly healthStatus: string;
  readonly modelId: string | null;
  readonly backend: string | null;
  /** Index of the GPU on which it runs; of several, the one that has most of it. */
  readonly deviceId: number | null;
  readonly vramBytes: number | null;
  readonly ramBytes: number | null;
  readonly cpuPercent: number | null;
  readonly gpuPercent: number | null;
  /** The program that serves it, and its version. */
  readonly server: string | null;
  /** Requests that it works on, and that wait. */
  readonly running: number | null;
  readonly waiting: number | null;
  /** How many it can work on at a time. */
  readonly slots: number | null;
  /** Indexes of all GPUs on which it runs. */
  readonly deviceIds: readonly number[] | null;
}
