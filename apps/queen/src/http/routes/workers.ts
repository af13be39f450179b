import * as z from "zod";
import type { PlacedWorker } from "../../fleet/workers/registry.ts";
import { OBSTACLES, type Obstacle, type WhyNoWorker } from "../../fleet/workers/why-no-worker.ts";
import { WORKER_STATES } from "../../fleet/workers/worker.ts";
import type { Costs } from "../door/costs.ts";
import { Problem } from "../errors.ts";
import { listInPieces } from "../pieces.ts";
import { defineRoute } from "../route.ts";
import { WORKER_EXAMPLE, WorkerAnswer, WorkerStateJson, workerToJson } from "./worker-json.ts";

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
    const best = await fleet.bestWorker(model);
    if (best !== undefined) return toJson(best);
    throw noWorker(model, fleet.whyNoWorker(model));
  }),
];

const OBSTACLE_WORDS: Record<Obstacle, string> = {
  offline: "offline",
  cordoned: "cordoned",
  on_probation: "on probation",
  without_idle_worker: "without an idle, healthy one",
};

function noWorker(model: string, why: WhyNoWorker): Problem {
  const { serving, hives } = why;
  const detail = serving === 0 ? notServed(model, why) : noneFree(model, why);
  return new Problem("NO_WORKER", detail, { hives: { serving, ...hives } });
}

function notServed(model: string, { otherModels }: WhyNoWorker): string {
  const others = otherModels.map((other) => JSON.stringify(other)).join(", ");
  return `No hive has a worker for the model ${JSON.stringify(model)}; ${others === "" ? "no model has one" : `there are some for ${others}`}`;
}

function noneFree(model: string, { serving, hives }: WhyNoWorker): string {
  const counts = OBSTACLES.filter((obstacle) => hives[obstacle] > 0).map(
    (obstacle) => `${hives[obstacle]} ${OBSTACLE_WORDS[obstacle]}`,
  );
  return `No worker for the model ${JSON.stringify(model)} is free: of ${serving} hives that have one, ${counts.join(", ")}`;
}

const toJson = ({ hiveId, worker }: PlacedWorker) => ({ hive_id: hiveId, ...workerToJson(worker) });

async function* stepsOf(workers: readonly PlacedWorker[], costs: Costs) {
  for (let start = 0; start < workers.length; start += WORKERS_PER_TURN) {
    yield workers.slice(start, start + WORKERS_PER_TURN).map(toJson);
    await costs.turn();
  }
}
