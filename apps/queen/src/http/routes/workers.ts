import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { PlacedWorker } from "../../fleet/workers/registry.ts";
import { WorkerState, workerToJson } from "../../fleet/workers/worker.ts";
import { wholeTurn } from "../../process/turn.ts";
import { Problem } from "../errors.ts";
import { parseQuery } from "../input.ts";
import type { AppParts } from "../parts.ts";

export const WorkersQuery = z.strictObject({
  model: z.string().optional(),
  state: WorkerState.optional(),
  backend: z.string().optional(),
});
export const BestWorkerQuery = z.strictObject({ model: z.string().min(1, "must not be empty") });

/** How many workers are written before other work gets its turn: a whole fleet's take hundreds of milliseconds. */
const WORKERS_PER_TURN = 250;

const toJson = ({ hiveId, worker }: PlacedWorker) => ({ hive_id: hiveId, ...workerToJson(worker) });

export function workersRoutes(
  app: FastifyInstance,
  { registry, cordons }: Pick<AppParts, "registry" | "cordons">,
): void {
  app.get("/v1/workers", { config: { access: "reader" } }, async (request, reply) => {
    const found = registry.workers(parseQuery(WorkersQuery, request.query));
    if (found.length <= WORKERS_PER_TURN) return { workers: found.map(toJson) };
    return reply.type("application/json; charset=utf-8").send(Readable.from(piecesOf(found)));
  });

  app.get("/v1/workers/best", { config: { access: "reader" } }, async (request) => {
    const { model } = parseQuery(BestWorkerQuery, request.query);
    await cordons.ready();
    const best = registry.bestWorker(model);
    if (best === undefined) {
      throw new Problem(
        404,
        "NO_WORKER",
        `No online hive that takes work has an idle, healthy worker for the model ${JSON.stringify(model)}`,
      );
    }
    return toJson(best);
  });
}

/** The same JSON, piece by piece. */
async function* piecesOf(workers: readonly PlacedWorker[]): AsyncGenerator<string> {
  for (let start = 0; start < workers.length; start += WORKERS_PER_TURN) {
    const list = workers.slice(start, start + WORKERS_PER_TURN).map((worker) => JSON.stringify(toJson(worker)));
    yield (start === 0 ? '{"workers":[' : ",") + list.join(",");
    await wholeTurn();
  }
  yield "]}";
}
