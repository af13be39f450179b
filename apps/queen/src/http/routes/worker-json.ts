import { rule } from "@repo/hive-catalog/record";
import * as z from "zod";
import { WORKER_STATES, type Worker, type WorkerState } from "../../fleet/workers/worker.ts";
import { MAX_ENTRIES } from "../../process/bounded-json.ts";
import { isObject, readAs } from "../input.ts";
import { isoTime, TIME_RULE, usualTime } from "../times.ts";
import { AMOUNT, type BeatFields, COUNT, INDEXES, NAME, PERCENT, PORT, REACH, TEXT, URL_TEXT } from "./beat-fields.ts";

/** As most write them, and in lower case. */
const STATE_BY_NAME = new Map<string, WorkerState>(
  WORKER_STATES.flatMap((state) => [
    [state, state],
    [state.toLowerCase(), state],
  ]),
);
const stateOf = (value: unknown): WorkerState | undefined =>
  typeof value === "string" ? (STATE_BY_NAME.get(value) ?? STATE_BY_NAME.get(value.toLowerCase())) : undefined;

/** Compared without case, and read as one of `WORKER_STATES`. */
const STATE = `must be one of ${WORKER_STATES.join(", ")}, in any case`;
export const WorkerStateJson = z.string(rule(STATE)).transform(readAs<WorkerState>(stateOf, STATE));

/** Of whatever answers requests. */
export const addressFields = {
  url: URL_TEXT.schema.nullish(),
  port: PORT.schema
    .nullish()
    .meta({ description: "Where `url` is not known: the queen makes it from the hive's host" }),
  reachable: REACH.schema.nullish().meta({
    description: "`all` where others than its own host reach the server, `loopback` where it is bound to loopback",
  }),
};

const workerFields = {
  worker_id: NAME.schema,
  state: WorkerStateJson,
  last_heartbeat: isoTime,
  health_status: TEXT.schema,
  url: addressFields.url,
  model_id: TEXT.schema.nullish(),
  backend: TEXT.schema.nullish(),
  device_id: AMOUNT.schema.nullish(),
  vram_bytes: AMOUNT.schema.nullish(),
  ram_bytes: AMOUNT.schema.nullish(),
  cpu_percent: PERCENT.schema.nullish(),
  gpu_percent: PERCENT.schema.nullish(),
  server: TEXT.schema.nullish().meta({ description: "The program that serves it, and its version" }),
  running: AMOUNT.schema.nullish().meta({ description: "Requests that it works on" }),
  waiting: AMOUNT.schema.nullish().meta({ description: "Requests that wait" }),
  slots: COUNT.schema.nullish().meta({ description: "Requests that it can work on at a time" }),
  device_ids: INDEXES.schema.nullish().meta({ description: "Indexes of all GPUs on which it runs" }),
  port: addressFields.port,
  reachable: addressFields.reachable,
};

/** The workers of one heartbeat, no two with one id. Further keys are ignored. */
export const WORKERS_RULE = `must be a list of at most ${MAX_ENTRIES} workers`;
const UNIQUE = "must be unique among the workers of a heartbeat";
export const WorkersJson = z
  .array(z.object(workerFields, rule("must be an object")), rule(WORKERS_RULE))
  .max(MAX_ENTRIES, rule(WORKERS_RULE));

/** Those that can be used. */
export function readWorkers(items: readonly unknown[], fields: BeatFields): Worker[] {
  const workers: Worker[] = [];
  const ids = new Set<string>();
  for (const item of items) {
    const worker = readWorker(item, fields);
    if (worker === undefined) continue;
    if (ids.has(worker.workerId)) fields.note("worker", "workers.worker_id", UNIQUE, worker.workerId);
    else workers.push(worker);
    ids.add(worker.workerId);
  }
  return workers;
}

function readWorker(json: unknown, fields: BeatFields): Worker | undefined {
  if (!isObject(json)) return void fields.note("worker", "workers", "must be an object", json);
  const item = json as Record<keyof typeof workerFields, unknown>;
  const { worker_id: workerId, health_status: healthStatus } = item;
  const state = stateOf(item.state);
  if (state === undefined) return void fields.note("worker", "workers.state", STATE, item.state);
  if (!fields.has(workerId, NAME, "workers.worker_id", "worker")) return undefined;
  if (!fields.has(healthStatus, TEXT, "workers.health_status", "worker")) return undefined;
  const lastHeartbeat = usualTime(item.last_heartbeat);
  if (lastHeartbeat === undefined) {
    return void fields.note("worker", "workers.last_heartbeat", TIME_RULE, item.last_heartbeat);
  }
  return {
    workerId,
    state,
    lastHeartbeat,
    healthStatus,
    url: fields.usable(item.url, URL_TEXT, "workers.url"),
    modelId: fields.usable(item.model_id, TEXT, "workers.model_id"),
    backend: fields.usable(item.backend, TEXT, "workers.backend"),
    deviceId: fields.usable(item.device_id, AMOUNT, "workers.device_id"),
    vramBytes: fields.usable(item.vram_bytes, AMOUNT, "workers.vram_bytes"),
    ramBytes: fields.usable(item.ram_bytes, AMOUNT, "workers.ram_bytes"),
    cpuPercent: fields.usable(item.cpu_percent, PERCENT, "workers.cpu_percent"),
    gpuPercent: fields.usable(item.gpu_percent, PERCENT, "workers.gpu_percent"),
    server: fields.usable(item.server, TEXT, "workers.server"),
    running: fields.usable(item.running, AMOUNT, "workers.running"),
    waiting: fields.usable(item.waiting, AMOUNT, "workers.waiting"),
    slots: fields.usable(item.slots, COUNT, "workers.slots"),
    deviceIds: fields.usable(item.device_ids, INDEXES, "workers.device_ids"),
    port: fields.usable(item.port, PORT, "workers.port"),
    reachable: fields.usable(item.reachable, REACH, "workers.reachable"),
  };
}
