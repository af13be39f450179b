import * as z from "zod";
import type { KnownModel } from "../../fleet/workers/queries.ts";
import { count } from "../count-fields.ts";
import { defineRoute } from "../route.ts";
import { NextAfter, pageQuery } from "./paging.ts";

const ModelJson = z
  .strictObject({
    model: z.string(),
    workers: z
      .strictObject({ idle: count, busy: count, loading: count, error: count, shutdown: count })
      .meta({ description: "How many of live hives serve it, by state" }),
    idle_kept_from_work: count.meta({
      description: "Of the idle ones those that get no work because their hive is cordoned, on probation or not online",
    }),
    hives_with_it_on_disk: count.meta({ description: "How many live hives have a server that would load it" }),
  })
  .meta({ id: "Model", description: "A model that live hives serve or have on disk" });

export const modelsRoutes = [
  defineRoute({
    method: "get",
    path: "/v1/models",
    access: "reader",
    operationId: "listModels",
    summary: "The models that live hives serve or have on disk, by name, page by page",
    query: z.strictObject(pageQuery("Models")),
    isCostly: true,
    answer: {
      description: "One page",
      schema: z.strictObject({ models: z.array(ModelJson).meta({ description: "By name" }), next_after: NextAfter }),
      example: {
        models: [
          {
            model: "llama-3-8b",
            workers: { idle: 3, busy: 1, loading: 0, error: 0, shutdown: 0 },
            idle_kept_from_work: 1,
            hives_with_it_on_disk: 5,
          },
        ],
        next_after: null,
      },
    },
  }).handle(async (request, { fleet, costs }) => {
    const { after, limit } = request.query;
    await fleet.cordons.ready();
    const found = await firstByName(costs.inTurns(request, fleet.registry.models(), toJson), after, limit + 1);
    const models = found.slice(0, limit);
    return { models, next_after: found.length > limit ? (models.at(-1)?.model ?? null) : null };
  }),
];

type Model = z.input<typeof ModelJson>;

/** So many behind `after`, in order. Hives tell of as many as they like: no more than twice as many as are wanted are held. */
async function firstByName(read: AsyncIterable<Model[]>, after: string | undefined, limit: number): Promise<Model[]> {
  let first: Model[] = [];
  const sorted = () => first.sort((one, other) => (one.model < other.model ? -1 : 1)).slice(0, limit);
  for await (const models of read) {
    first.push(...models.filter(({ model }) => after === undefined || model > after));
    if (first.length > 2 * limit) first = sorted();
  }
  return sorted();
}

function toJson({ model, workers: { Idle, Busy, Loading, Error: failed, Shutdown }, idleKept, onDisk }: KnownModel) {
  const workers = { idle: Idle, busy: Busy, loading: Loading, error: failed, shutdown: Shutdown };
  return { model, workers, idle_kept_from_work: idleKept, hives_with_it_on_disk: onDisk };
}
