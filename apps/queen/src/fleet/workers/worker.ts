/** What a worker is doing. */
export const WORKER_STATES = ["Idle", "Busy", "Loading", "Error", "Shutdown"] as const;
export type WorkerState = (typeof WORKER_STATES)[number];

/** A process on a hive that serves a model. What its hive did not say is null. */
export interface Worker {
  readonly workerId: string;
  readonly state: WorkerState;
  /** Of the worker, as its hive wrote it: an ISO 8601 time. */
  readonly lastHeartbeat: string;
  readonly healthStatus: string;
  readonly url: string | null;
  readonly modelId: string | null;
  readonly backend: string | null;
  /** Index of the GPU on which it runs. */
  readonly deviceId: number | null;
  readonly vramBytes: number | null;
  readonly ramBytes: number | null;
  readonly cpuPercent: number | null;
  readonly gpuPercent: number | null;
}
