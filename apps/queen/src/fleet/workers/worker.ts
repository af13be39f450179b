import { rule } from "@repo/hive-catalog/record";
import { z } from "zod";

/** What a worker is doing. */
export const WORKER_STATES = ["Idle", "Busy", "Loading", "Error", "Shutdown"] as const;
export type WorkerState = (typeof WORKER_STATES)[number];

const STATE_BY_LOWER_CASE = new Map<string, WorkerState>(WORKER_STATES.map((state) => [state.toLowerCase(), state]));

/** Compared without case, and read as one of `WORKER_STATES`. */
const STATE = `must be one of ${WORKER_STATES.join(", ")}, in any case`;
export const WorkerState = z.string(rule(STATE)).transform((text, context): WorkerState => {
  const state = STATE_BY_LOWER_CASE.get(text.toLowerCase());
  if (state !== undefined) return state;
  context.issues.push({ code: "custom", input: text, message: STATE });
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

const MAX_TEXT_LENGTH = 256;
const MAX_URL_LENGTH = 2048;

const TIME = "must be an ISO 8601 time with its zone, such as 2025-10-21T10:00:00Z";
/** RFC 3339 takes the letters in either case. */
const TIME_PATTERN = new RegExp(z.regexes.datetime({ offset: true }), "i");
const time = z.string(rule(TIME)).max(MAX_TEXT_LENGTH, TIME).regex(TIME_PATTERN, TIME);
const TEXT = rule(`must be text of at most ${MAX_TEXT_LENGTH} characters`);
const NAME = rule(`must be text of 1 to ${MAX_TEXT_LENGTH} characters`);
const URL_TEXT = rule(`must be text of at most ${MAX_URL_LENGTH} characters`);
const AMOUNT = rule(`must be an integer from 0 to ${Number.MAX_SAFE_INTEGER}`);
const PERCENT = rule("must be a number from 0");
const text = z.string(TEXT).max(MAX_TEXT_LENGTH, TEXT);
const amount = z.int(AMOUNT).min(0, AMOUNT).nullish();
const percent = z.number(PERCENT).min(0, PERCENT).nullish();

export const workerFields = {
  worker_id: z.string(NAME).min(1, NAME).max(MAX_TEXT_LENGTH, NAME),
  state: WorkerState,
  last_heartbeat: time,
  health_status: text,
  url: z.string(URL_TEXT).max(MAX_URL_LENGTH, URL_TEXT).nullish(),
  model_id: text.nullish(),
  backend: text.nullish(),
  device_id: amount,
  vram_bytes: amount,
  ram_bytes: amount,
  cpu_percent: percent,
  gpu_percent: percent,
};

/** One worker of a heartbeat. Further keys are ignored. */
export const WorkerJson = z.object(workerFields, rule("must be an object")).transform(
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

/** The workers of one heartbeat, no two with one id. */
export const WorkersJson = z.array(WorkerJson, rule("must be a list of workers")).check(({ value, issues }) => {
  const seen = new Set<string>();
  value.forEach(({ workerId }, position) => {
    if (seen.has(workerId)) {
      const message = "must be unique among the workers of a heartbeat";
      issues.push({ code: "custom", input: workerId, path: [position, "worker_id"], message });
    }
    seen.add(workerId);
  });
});

/**
 * The workers of a sound heartbeat, checked by hand: zod took a sixth of the queen's time under load, and more in garbage. Undefined for anything
 * else: zod then says what is wrong with it.
 */
export function usualWorkers(json: unknown): Worker[] | undefined {
  if (!Array.isArray(json)) return undefined;
  const workers: Worker[] = [];
  for (const item of json as unknown[]) {
    const worker = usualWorker(item);
    if (worker === undefined) return undefined;
    workers.push(worker);
  }
  return new Set(workers.map(({ workerId }) => workerId)).size === workers.length ? workers : undefined;
}

function usualWorker(json: unknown): Worker | undefined {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return undefined;
  const item = json as Record<keyof typeof workerFields, unknown>;
  const { worker_id: workerId, last_heartbeat: lastHeartbeat, health_status: healthStatus } = item;
  const state = typeof item.state === "string" ? STATE_BY_LOWER_CASE.get(item.state.toLowerCase()) : undefined;
  const url = textOrNull(item.url, MAX_URL_LENGTH);
  const modelId = textOrNull(item.model_id);
  const backend = textOrNull(item.backend);
  const deviceId = amountOrNull(item.device_id);
  const vramBytes = amountOrNull(item.vram_bytes);
  const ramBytes = amountOrNull(item.ram_bytes);
  const cpuPercent = percentOrNull(item.cpu_percent);
  const gpuPercent = percentOrNull(item.gpu_percent);
  if (!isText(workerId) || workerId === "" || !isTime(lastHeartbeat) || !isText(healthStatus)) return undefined;
  if (state === undefined || url === undefined || modelId === undefined || backend === undefined) return undefined;
  if (deviceId === undefined || vramBytes === undefined || ramBytes === undefined) return undefined;
  if (cpuPercent === undefined || gpuPercent === undefined) return undefined;
  return {
    workerId,
    state,
    lastHeartbeat,
    healthStatus,
    url,
    modelId,
    backend,
    deviceId,
    vramBytes,
    ramBytes,
    cpuPercent,
    gpuPercent,
  };
}

function isText(value: unknown, maxLength = MAX_TEXT_LENGTH): value is string {
  return typeof value === "string" && value.length <= maxLength;
}

export function isTime(value: unknown): value is string {
  return isText(value) && TIME_PATTERN.test(value);
}

function textOrNull(value: unknown, maxLength?: number): string | null | undefined {
  if (value === undefined || value === null) return null;
  return isText(value, maxLength) ? value : undefined;
}

function amountOrNull(value: unknown): number | null | undefined {
  if (value === undefined || value === null) return null;
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
}

function percentOrNull(value: unknown): number | null | undefined {
  if (value === undefined || value === null) return null;
  return Number.isFinite(value) && (value as number) >= 0 ? (value as number) : undefined;
}

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
