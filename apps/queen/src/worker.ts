import { z } from "zod";

/** What a worker is doing. */
export const WORKER_STATES = ["Idle", "Busy", "Loading", "Error", "Shutdown"] as const;
export type WorkerState = (typeof WORKER_STATES)[number];

const STATE_BY_LOWER_CASE = new Map<string, WorkerState>(WORKER_STATES.map((state) => [state.toLowerCase(), state]));

/** Compared without case, and read as one of `WORKER_STATES`. */
export const WorkerState = z.string().transform((text, context): WorkerState => {
  const state = STATE_BY_LOWER_CASE.get(text.toLowerCase());
  if (state !== undefined) return state;
  context.issues.push({
    code: "custom",
    input: text,
    message: `must be one of ${WORKER_STATES.join(", ")}, in any case`,
  });
  return z.NEVER;
});

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

const time = z.iso.datetime({
  offset: true,
  error: "must be an ISO 8601 time with its zone, such as 2025-10-21T10:00:00Z",
});
const text = z.string().nullish();
const amount = z.int().min(0).nullish();
const percent = z.number().min(0).nullish();

const workerFields = {
  worker_id: z.string().min(1).max(256),
  state: WorkerState,
  last_heartbeat: time,
  health_status: z.string(),
  url: text,
  model_id: text,
  backend: text,
  device_id: amount,
  vram_bytes: amount,
  ram_bytes: amount,
  cpu_percent: percent,
  gpu_percent: percent,
};

/** One worker of a heartbeat. Further keys are ignored. */
export const WorkerJson = z.object(workerFields).transform(
  (json): Worker => ({
    workerId: json.worker_id,
    state: json.state,
    lastHeartbeat: json.last_heartbeat,
    healthStatus: json.health_status,
    url: json.url ?? null,
    modelId: json.model_id ?? null,
    backend: json.backend ?? null,
    deviceId: json.device_id ?? null,
    vramBytes: json.vram_bytes ?? null,
    ramBytes: json.ram_bytes ?? null,
    cpuPercent: json.cpu_percent ?? null,
    gpuPercent: json.gpu_percent ?? null,
  }),
);

/** A worker as it travels. */
export function workerToJson(worker: Worker) {
  return {
    worker_id: worker.workerId,
    state: worker.state,
    last_heartbeat: worker.lastHeartbeat,
    health_status: worker.healthStatus,
    url: worker.url,
    model_id: worker.modelId,
    backend: worker.backend,
    device_id: worker.deviceId,
    vram_bytes: worker.vramBytes,
    ram_bytes: worker.ramBytes,
    cpu_percent: worker.cpuPercent,
    gpu_percent: worker.gpuPercent,
  };
}

export { time as isoTime };
