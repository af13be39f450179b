import { rule } from "@repo/hive-catalog/record";
import * as z from "zod";
import { WORKER_STATES, type Worker, type WorkerState } from "../../fleet/workers/worker.ts";
import { MAX_ENTRIES } from "../../process/bounded-json.ts";
import { isoTime, isUsualTime, rfc3339 } from "../times.ts";

const STATE_BY_LOWER_CASE = new Map<string, WorkerState>(WORKER_STATES.map((state) => [state.toLowerCase(), state]));

/** Compared without case, and read as one of `WORKER_STATES`. */
const STATE = `must be one of ${WORKER_STATES.join(", ")}, in any case`;
export const WorkerStateJson = z.string(rule(STATE)).transform((text, context): WorkerState => {
  const state = STATE_BY_LOWER_CASE.get(text.toLowerCase());
  if (state !== undefined) return state;
  context.issues.push({ code: "custom", input: text, message: STATE });
  return z.NEVER;
});

const MAX_TEXT_LENGTH = 256;
const MAX_URL_LENGTH = 2048;

const TEXT = rule(`must be text of at most ${MAX_TEXT_LENGTH} characters`);
const NAME = rule(`must be text of 1 to ${MAX_TEXT_LENGTH} characters`);
const URL_TEXT = rule(`must be text of at most ${MAX_URL_LENGTH} characters`);
const AMOUNT = rule(`must be an integer from 0 to ${Number.MAX_SAFE_INTEGER}`);
const PERCENT = rule("must be a number from 0");
const text = z.string(TEXT).max(MAX_TEXT_LENGTH, TEXT);
const amount = z.int(AMOUNT).min(0, AMOUNT).nullish();
const percent = z.number(PERCENT).min(0, PERCENT).nullish();

const workerFields = {
  worker_id: z.string(NAME).min(1, NAME).max(MAX_TEXT_LENGTH, NAME),
  state: WorkerStateJson,
  last_heartbeat: isoTime,
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

const WorkerFields = z.object(workerFields, rule("must be an object"));
/** One worker of a heartbeat. Further keys are ignored. */
const WorkerJson = WorkerFields.transform((json) => toWorker(json, json.state));

function toWorker(json: Omit<z.output<typeof WorkerFields>, "state">, state: WorkerState): Worker {
  return {
    workerId: json.worker_id,
    state,
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
  };
}

/** The workers of one heartbeat, no two with one id. */
const WORKERS = rule(`must be a list of at most ${MAX_ENTRIES} workers`);
export const WorkersJson = z
  .array(WorkerJson, WORKERS)
  .max(MAX_ENTRIES, WORKERS)
  .check(({ value, issues }) => {
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
  const state = typeof item.state === "string" ? STATE_BY_LOWER_CASE.get(item.state.toLowerCase()) : undefined;
  const isUsual =
    isText(item.worker_id) &&
    item.worker_id !== "" &&
    isUsualTime(item.last_heartbeat) &&
    isText(item.health_status) &&
    isText(item.url ?? "", MAX_URL_LENGTH) &&
    isText(item.model_id ?? "") &&
    isText(item.backend ?? "") &&
    isAmount(item.device_id ?? 0) &&
    isAmount(item.vram_bytes ?? 0) &&
    isAmount(item.ram_bytes ?? 0) &&
    isPercent(item.cpu_percent ?? 0) &&
    isPercent(item.gpu_percent ?? 0);
  return isUsual && state !== undefined ? toWorker(item as z.output<typeof WorkerFields>, state) : undefined;
}

const isText = (value: unknown, maxLength = MAX_TEXT_LENGTH): value is string =>
  typeof value === "string" && value.length <= maxLength;
const isAmount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isPercent = (value: unknown): boolean => Number.isFinite(value) && (value as number) >= 0;

export const WORKER_EXAMPLE = {
  worker_id: "worker-1",
  state: "Idle",
  last_heartbeat: "2025-10-21T10:00:00Z",
  health_status: "healthy",
  url: "http://localhost:9300",
  model_id: "llama-3-8b",
  backend: "cuda",
  device_id: 0,
  vram_bytes: 8_000_000_000,
  ram_bytes: 2_000_000_000,
  cpu_percent: 15.5,
  gpu_percent: 0,
};

/** As the queen answers it: everything is there, and what the hive did not say is null. */
export const WorkerAnswer = z.strictObject({
  ...z.object(workerFields).required().shape,
  state: z.enum(WORKER_STATES),
  last_heartbeat: rfc3339,
  url: z.string().nullable(),
  model_id: z.string().nullable(),
  backend: z.string().nullable(),
  device_id: z.int().min(0).nullable(),
  vram_bytes: z.int().min(0).nullable(),
  ram_bytes: z.int().min(0).nullable(),
  cpu_percent: z.number().min(0).nullable(),
  gpu_percent: z.number().min(0).nullable(),
});

export function workerToJson(worker: Worker): z.input<typeof WorkerAnswer> {
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
