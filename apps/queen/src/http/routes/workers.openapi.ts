import { z } from "zod";
import { WORKER_STATES, workerFields } from "../../fleet/workers/worker.ts";
import type { Operation } from "../openapi/operation.ts";
import { BestWorkerQuery, WorkersQuery } from "./workers.ts";

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
  url: z.string().nullable(),
  model_id: z.string().nullable(),
  backend: z.string().nullable(),
  device_id: z.int().min(0).nullable(),
  vram_bytes: z.int().min(0).nullable(),
  ram_bytes: z.int().min(0).nullable(),
  cpu_percent: z.number().min(0).nullable(),
  gpu_percent: z.number().min(0).nullable(),
});

const PlacedWorker = WorkerAnswer.extend({ hive_id: z.string() }).meta({
  id: "PlacedWorker",
  description: "A worker, and the hive on which it runs",
});

const PLACED_EXAMPLE = { hive_id: "hive-prod-01", ...WORKER_EXAMPLE };

export const workersOperations: readonly Operation[] = [
  {
    method: "get",
    path: "/v1/workers",
    access: "reader",
    operationId: "findWorkers",
    tag: "workers",
    summary: "Workers of live hives that match all of the query, in no order",
    query: WorkersQuery.extend({
      state: WorkersQuery.shape.state.meta({ description: `One of ${WORKER_STATES.join(", ")}, in any case` }),
    }),
    answers: {
      200: {
        description: "The workers",
        schema: z.strictObject({ workers: z.array(PlacedWorker) }),
        example: { workers: [PLACED_EXAMPLE] },
      },
    },
    problems: ["INVALID_ARGUMENT"],
  },
  {
    method: "get",
    path: "/v1/workers/best",
    access: "reader",
    operationId: "findBestWorker",
    tag: "workers",
    summary: "The idle, healthy, least loaded worker of an online hive for a model",
    query: BestWorkerQuery,
    answers: { 200: { description: "The worker", schema: PlacedWorker, example: PLACED_EXAMPLE } },
    problems: ["INVALID_ARGUMENT", "NO_WORKER"],
  },
];
