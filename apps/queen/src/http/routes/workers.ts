import { GpuRequirement, GrammarError } from "@repo/device-types";
import { Selector } from "@repo/hive-catalog";
import * as z from "zod";
import type { Traits } from "../../fleet/traits.ts";
import { WORKER_STATES } from "../../fleet/workers/worker.ts";
import { invalidArgument } from "../errors.ts";
import { jsonWriter } from "../json-writer.ts";
import { listInPieces } from "../pieces.ts";
import { defineRoute } from "../route.ts";
import { noWorker } from "./no-worker.ts";
import { decimal, flag, name, optionalListOf, vramBytesOf, vramGb } from "./query-fields.ts";
import { PLACED_EXAMPLE, PlacedWorkerJson, placedToJson } from "./worker-answer.ts";
import { WorkerStateJson } from "./worker-json.ts";

const cold = flag.meta({
  description:
    "Where no worker is found, whether to name a hive that has the model on disk and the memory free: its server loads it when it is asked",
});

const ColdModelJson = z
  .strictObject({
    hive_id: z.string(),
    cold: z.literal(true),
    model_id: z.string(),
    bytes: z.int().min(0).nullable(),
    server: z.string().nullable(),
    url: z.string().nullable(),
  })
  .meta({
    id: "ColdModel",
    description: "A model that is on the disk of a hive, and the server there that would load it",
  });
const coldToJson = jsonWriter(ColdModelJson);

export const workersRoutes = [
  defineRoute({
    method: "get",
    path: "/v1/workers",
    access: "reader",
    operationId: "findWorkers",
    summary: "Workers of live hives that match all of the query, in no order",
    query: z.strictObject({
      model: name.optional(),
      state: optionalListOf(WorkerStateJson).meta({
        description: `In one of ${WORKER_STATES.join(", ")}, in any case: several by commas, or by naming it several times`,
      }),
      backend: name.optional(),
    }),
    isCostly: true,
    answer: {
      description: "The workers",
      schema: z.strictObject({ workers: z.array(PlacedWorkerJson) }),
      example: { workers: [PLACED_EXAMPLE] },
    },
  }).handle((request, { fleet, costs }) => {
    const found = costs.inTurns(request, fleet.registry.workers(request.query), placedToJson);
    return listInPieces(found, (workers) => ({ workers }), costs);
  }),
  defineRoute({
    method: "get",
    path: "/v1/workers/best",
    access: "reader",
    operationId: "findBestWorker",
    isHandOut: true,
    summary: "The idle, healthy, least loaded worker of an online hive for a model",
    description:
      "Each answer counts as a piece of work that was handed out, until the hive has looked at its servers again: callers who ask between two beats get different workers, and one whose slots are full is left out. A `model` without a tag is the one with `:latest`, as Ollama has it, where nothing is named just so.",
    query: z.strictObject({
      model: name,
      backend: name.optional(),
      min_free_vram_gb: decimal(vramGb.optional()),
      cold,
      selector: z.string().optional().meta({ description: "On the labels of its hive: `env=prod,zone in (a,b)`" }),
      gpu: z.string().optional().meta({ description: "What the GPUs of its hive must be: `nvidia:24GB:2`" }),
    }),
    answer: {
      description: "The worker; with `cold`, and where there is none, a model that is on disk",
      schema: z.union([PlacedWorkerJson, ColdModelJson]),
      example: PLACED_EXAMPLE,
    },
    problems: ["NO_WORKER"],
  }).handle(async (request, { fleet, costs }) => {
    const { backend, min_free_vram_gb: minFreeGb, cold } = request.query;
    const query = {
      model: fleet.registry.knownAs(request.query.model),
      backend,
      minFreeVramBytes: vramBytesOf(minFreeGb),
      isChosen: chooserOf(request.query, fleet.traits),
      onScanned: (scanned: number) => costs.countScanned(request, scanned),
    };
    await fleet.cordons.ready();
    const best = fleet.assignments.best(query, cold);
    if (best === undefined) throw noWorker(query, fleet, cold);
    if ("worker" in best) return placedToJson(best);
    const { model, ...placed } = best;
    return coldToJson({ ...model, ...placed, cold: true });
  }),
];

/** Undefined where any hive will do. */
function chooserOf({ selector, gpu }: { selector?: string | undefined; gpu?: string | undefined }, traits: Traits) {
  if (selector === undefined && gpu === undefined) return undefined;
  return traits.chooser(parsed("selector", selector, Selector.parse), parsed("gpu", gpu, GpuRequirement.parse));
}

function parsed<Parsed>(field: string, text: string | undefined, parse: (text: string) => Parsed): Parsed | undefined {
  try {
    return text === undefined ? undefined : parse(text);
  } catch (error) {
    throw error instanceof GrammarError ? invalidArgument(field, error.message) : error;
  }
}
