import * as z from "zod";
import type { PlacedWorker } from "../../fleet/workers/queries.ts";
import { REACHES, WORKER_STATES } from "../../fleet/workers/worker.ts";
import { jsonWriter } from "../json-writer.ts";
import { rfc3339 } from "../times.ts";

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
  server: "llama.cpp",
  running: 1,
  waiting: 0,
  slots: 4,
  device_ids: [0],
  port: 9300,
  reachable: "all" as const,
};

const text = z.string().nullable();
const amount = z.int().min(0).nullable();
const percent = z.number().min(0).nullable();

/** As the queen answers it: everything is there, and what the hive did not say is null. */
export const WorkerAnswer = z.strictObject({
  worker_id: z.string(),
  state: z.enum(WORKER_STATES),
  last_heartbeat: rfc3339,
  health_status: z.string(),
  url: text,
  model_id: text,
  backend: text,
  device_id: amount,
  vram_bytes: amount,
  ram_bytes: amount,
  cpu_percent: percent,
  gpu_percent: percent,
  server: text,
  running: amount,
  waiting: amount,
  slots: amount,
  device_ids: z.array(z.int().min(0)).readonly().nullable(),
  port: amount,
  reachable: z.enum(REACHES).nullable(),
});

/** `url`: where it answers, as the queen says it. */
const workerToJson = jsonWriter(WorkerAnswer);

export const PlacedWorkerJson = WorkerAnswer.extend({ hive_id: z.string() }).meta({
  id: "PlacedWorker",
  description: "A worker, and the hive on which it runs",
});
export const PLACED_EXAMPLE = { hive_id: "hive-prod-01", ...WORKER_EXAMPLE };

export const placedToJson = ({ hiveId, worker, url }: PlacedWorker) => ({
  hive_id: hiveId,
  ...workerToJson({ ...worker, url }),
});
