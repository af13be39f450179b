import * as z from "zod";
import type { KnownModel } from "../../fleet/workers/queries.ts";
import { listInPieces } from "../pieces.ts";
import { defineRoute } from "../route.ts";

const count = z.int().min(0);
const ModelJson = z
  .strictObject({
    model: z.string(),
    workers: z
      .strictObject({ idle: count, busy: count, loading: count, error: count, shutdown: count })
      .meta({ description: "How many of live hives serve it, by state" }),
    hives_with_it_on_disk: count.meta({ description: "How many live hives have a server that would load it" }),
  })
  .meta({ id: "Model", description: "A model that live hives serve or have on disk" });

export const modelsRoutes = [
  defineRoute({
    method: "get",
    path: "/v1/models",
    access: "reader",
    operationId: "listModels",
    tag: "workers",
    summary: "Each model that live hives serve or have on disk, in no order",
    isCostly: true,
    answer: {
      description: "The models",
      schema: z.strictObject({ models: z.array(ModelJson) }),
      example: {
        models: [
          {
            model: "llama-3-8b",
            workers: { idle: 3, busy: 1, loading: 0, error: 0, shutdown: 0 },
            hives_with_it_on_disk: 5,
          },
        ],
      },
    },
  }).handle((request, { fleet, costs }) =>
    listInPieces(costs.inTurns(request, fleet.registry.models(), toJson), (models) => ({ models })),
  ),
];

function toJson({ model, workers: { Idle, Busy, Loading, Error: failed, Shutdown }, onDisk }: KnownModel) {
  const workers = { idle: Idle, busy: Busy, loading: Loading, error: failed, shutdown: Shutdown };
  return { model, workers, hives_with_it_on_disk: onDisk };
}
