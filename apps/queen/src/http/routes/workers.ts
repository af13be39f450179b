import * as z from "zod";
import type { PlacedWorker } from "../../fleet/workers/registry.ts";
import { WORKER_STATES } from "../../fleet/workers/worker.ts";
import type { Costs } from "../door/costs.ts";
import { Problem } from "../errors.ts";
import { listInPieces } from "../pieces.ts";
import { defineRoute } from "../route.ts";
import { WORKER_EXAMPLE, WorkerAnswer, workerToJson } from "./worker-answer.ts";
import { WorkerStateJson } from "./worker-json.ts";

/** How many workers are written before other work gets its turn: a whole fleet's take hundreds of milliseconds. */
const WORKERS_PER_TURN = 250;

const PlacedWorkerJson = WorkerAnswer.extend({ hive_id: z.string() }).meta({
  id: "PlacedWorker",
  description: "A worker, and the hive on which it runs",
});
const PLACED_EXAMPLE = { hive_id: "hive-prod-01", ...WORKER_EXAMPLE };

export const workersRoutes = [
  defineRoute({
    method: "get",
    path: "/v1/workers",
    access: "reader",
    operationId: "findWorkers",
    tag: "workers",
    summary: "Workers of live hives that match all of the query, in no order",
    query: z.strictObject({
      model: z.string().optional(),
      state: WorkerStateJson.optional().meta({ description: `One of ${WORKER_STATES.join(", ")}, in any case` }),
      backend: z.string().optional(),
    }),
    isCostly: true,
    answer: {
      description: "The workers",
      schema: z.strictObject({ workers: z.array(PlacedWorkerJson) }),
      example: { workers: [PLACED_EXAMPLE] },
    },
  }).handle(({ query }, { fleet, costs }, reply) => {
    const found = fleet.workers(query);
    if (found.length <= WORKERS_PER_TURN) return { workers: found.map(toJson) };
    reply.type("application/json; charset=utf-8");
    return listInPieces(stepsOf(found, costs), (workers) => ({ workers }));
  }),
  defineRoute({
    method: "get",
    path: "/v1/workers/best",
    access: "reader",
    operationId: "findBestWorker",
    tag: "workers",
    summary: "The idle, healthy, least loaded worker of an online hive for a model",
    query: z.strictObject({ model: z.string().min(1, "must not be empty") }),
    answer: { description: "The worker", schema: PlacedWorkerJson, example: PLACED_EXAMPLE },
    problems: ["NO_WORKER"],
  }).handle(async ({ query: { model } }, { fleet }) => {
    const best = await fleet.handOut({ model });
    if (best !== undefined) return toJson(best);
    const detail = `No online hive that takes work has an idle, healthy worker for the model ${JSON.stringify(model)}`;
    throw new Problem("NO_WORKER", detail);
  }),
];

const toJson = ({ hiveId, worker, url }: PlacedWorker) => ({ hive_id: hiveId, ...workerToJson(worker, url) });

async function* stepsOf(workers: readonly PlacedWorker[], costs: Costs) {
  for (let start = 0; start < workers.length; start += WORKERS_PER_TURN) {
    yield workers.slice(start, start + WORKERS_PER_TURN).map(toJson);
    await costs.turn();
  }
}
