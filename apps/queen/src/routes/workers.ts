import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { AppParts } from "../app.ts";
import { Problem } from "../errors.ts";
import { parseQuery } from "../input.ts";
import type { PlacedWorker } from "../registry.ts";
import { WorkerState, workerToJson } from "../worker.ts";

export const WorkersQuery = z.strictObject({
  model: z.string().optional(),
  state: WorkerState.optional(),
  backend: z.string().optional(),
});
export const BestWorkerQuery = z.strictObject({ model: z.string().min(1, "must not be empty") });

const toJson = ({ hiveId, worker }: PlacedWorker) => ({ hive_id: hiveId, ...workerToJson(worker) });

export function workersRoutes(
  app: FastifyInstance,
  { registry, cordons }: Pick<AppParts, "registry" | "cordons">,
): void {
  app.get("/v1/workers", { config: { access: "reader" } }, async (request) => {
    const filter = parseQuery(WorkersQuery, request.query);
    return { workers: registry.workers(filter).map(toJson) };
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
