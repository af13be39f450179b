import {
  type HiveCatalog,
  OPERATION_KINDS,
  OPERATION_STATES,
  type OperationRecord,
  OperationStep,
} from "@repo/hive-catalog";
import { timeMs } from "@repo/hive-catalog/record";
import * as z from "zod";
import { operationNotFound } from "../../lifecycle/errors.ts";
import { jsonWriter } from "../json-writer.ts";
import { WRITING } from "../problems.ts";
import { defineRoute } from "../route.ts";
import { missingHives, refuseHives } from "./known-hives.ts";
import { answerPage, NextAfter, pageQuery } from "./paging.ts";
import { HiveId, oneOf, optionalListOf } from "./query-fields.ts";

const OperationKind = oneOf(OPERATION_KINDS).meta({ id: "OperationKind" });
const OperationState = oneOf(OPERATION_STATES).meta({ id: "OperationState" });

export const OperationStepJson = z.strictObject({
  name: z.string(),
  state: z.enum([...OperationStep.shape.state.options, "interrupted"]).meta({
    description: "`interrupted`: its operation ended first, and how far the step came is not known",
  }),
  started_at_ms: timeMs,
  ended_at_ms: timeMs.nullable(),
  detail: z.string().nullable().meta({ description: "What came of it, or why it failed or was skipped" }),
});

const OperationJson = z
  .strictObject({
    id: z.string(),
    hive_id: z.string(),
    kind: OperationKind,
    state: OperationState,
    problem: z.string().nullable().meta({
      description:
        "The step that failed, and why; when the operation failed, also a code and what to do next. Null when none did",
    }),
    steps: z.array(OperationStepJson),
    output_tail: z
      .string()
      .meta({ description: "The end of what the programs of all steps wrote; no secret is in it" }),
    owner: z.string().meta({ description: "The queen that runs it" }),
    created_at_ms: timeMs,
    deadline_ms: timeMs,
    finished_at_ms: timeMs.nullable(),
  })
  .meta({ id: "Operation", description: "Something that is done to a hive, or was" });

const toJson = jsonWriter(OperationJson);

/** Nobody was there to note how a step ended whose queen was gone, or whose hive was removed. */
function operationToJson({ steps, ...operation }: OperationRecord) {
  const hasEnded = operation.state !== "running";
  const isCutOff = ({ state }: OperationRecord["steps"][number]) => hasEnded && state === "running";
  return toJson({
    ...operation,
    steps: steps.map((step) => (isCutOff(step) ? { ...step, state: "interrupted" as const } : step)),
  });
}

const RUNNING = {
  id: "install-5f897ff4036a8eac",
  hive_id: "hive-prod-01",
  kind: "install",
  state: "running",
  problem: null,
  steps: [
    {
      name: "connect",
      state: "done",
      started_at_ms: 1_761_040_800_010,
      ended_at_ms: 1_761_040_800_310,
      detail: "admin@10.0.1.100:22: Linux x86_64",
    },
    { name: "check_node", state: "running", started_at_ms: 1_761_040_800_311, ended_at_ms: null, detail: null },
  ],
  output_tail: "Linux x86_64\n",
  owner: "queen-1-24745-9f86d081",
  created_at_ms: 1_761_040_800_000,
  deadline_ms: 1_761_041_400_000,
  finished_at_ms: null,
};

const OperationPage = z
  .strictObject({
    operations: z.array(OperationJson).meta({ description: "The newest first" }),
    next_after: NextAfter,
  })
  .meta({ id: "OperationPage" });

/** Each may have the end of what its programs wrote, which is long. */
const OPERATIONS_PER_BATCH = 20;

const operation = (description: string) => ({ description, schema: OperationJson, example: RUNNING });

function beginning(kind: (typeof OPERATION_KINDS)[number], summary: string, description: string) {
  return defineRoute({
    method: "post",
    path: `/v1/hives/:id/${kind}`,
    operationId: `${kind}Hive`,
    summary,
    description,
    answer: {
      status: 202,
      ...operation("It has begun"),
      headers: { Location: "The path of the operation" },
    },
    problems: [
      "HIVE_NOT_MANAGED",
      "OPERATION_IN_PROGRESS",
      "CORRUPT_HIVE",
      "STOPPING",
      ...(kind === "install" ? (["PUBLIC_URL_NEEDED"] as const) : []),
      ...WRITING,
    ],
  }).handle(async ({ params }, { lifecycle }, reply) => {
    const operation = await lifecycle.begin(kind, params.id);
    reply.header("location", `/v1/operations/${operation.id}`);
    return operationToJson(operation);
  });
}

export const operationsRoutes = [
  beginning(
    "install",
    "Install the agent of a hive and start it",
    "Over SSH where the hive has an `ssh_host`, on the machine of the queen where it has none and is at a loopback address. The agent gets a token of its own; those of former installations are revoked.",
  ),
  beginning(
    "start",
    "Start the agent of a hive",
    "One that runs already stays as it is. Ends with the detection of devices.",
  ),
  beginning("stop", "Stop the agent of a hive", "The hive is offline from then on, until its next sign."),
  beginning("restart", "Stop the agent of a hive and start it again", "Ends with the detection of devices."),
  defineRoute({
    method: "get",
    path: "/v1/operations",
    access: "reader",
    operationId: "listOperations",
    summary: "List operations, the newest first, page by page: all, or those for which all holds that is asked",
    description:
      "A page may be short, or empty, although there are more: `next_after` says where to go on, with the same query.",
    query: z.strictObject({
      hive_id: HiveId.optional().meta({ description: "Those of one hive alone, also of one that was removed" }),
      state: optionalListOf(OperationState).meta({
        description: "In one of these: several by commas, or by naming it several times",
      }),
      kind: optionalListOf(OperationKind).meta({ description: "Of one of these, in the same way" }),
      ...pageQuery("Operations"),
    }),
    isCostly: true,
    answer: { description: "One page", schema: OperationPage, example: { operations: [RUNNING], next_after: null } },
  }).handle(async ({ query: { hive_id: hiveId, state, kind, ...page } }, { catalog, costs }) => {
    if (hiveId !== undefined) await checkHive(hiveId, catalog);
    return await answerPage(
      {
        page,
        batchSize: OPERATIONS_PER_BATCH,
        read: async (part) => {
          const { operations: rows, nextAfter } = await catalog.operations.find({ hiveId, state, kind, ...part });
          return { rows, nextAfter };
        },
        toJson: operationToJson,
        answer: (operations, next_after) => ({ operations, next_after }),
      },
      costs,
    );
  }),
  defineRoute({
    method: "get",
    path: "/v1/operations/:operation",
    access: "reader",
    operationId: "getOperation",
    summary: "Read an operation",
    answer: operation("How far it is, or how it ended"),
    problems: ["OPERATION_NOT_FOUND"],
  }).handle(async ({ params }, { catalog }) => {
    const operation = await catalog.operations.get(params.operation);
    if (operation === undefined) throw operationNotFound(params.operation);
    return operationToJson(operation);
  }),
  defineRoute({
    method: "post",
    path: "/v1/operations/:operation/cancel",
    operationId: "cancelOperation",
    summary: "End an operation that runs",
    description: "What its steps did stays done; a command that was sent to the host may still run to its end there.",
    answer: operation("It has ended"),
    problems: ["OPERATION_NOT_FOUND", "OPERATION_FINISHED", "OPERATION_ELSEWHERE"],
  }).handle(async ({ params }, { lifecycle }) => operationToJson(await lifecycle.cancel(params.operation))),
];

/** Throws a Problem for one that is not there, and never had an operation. */
async function checkHive(hiveId: string, catalog: HiveCatalog): Promise<void> {
  const missing = await missingHives([hiveId], catalog);
  if (missing.length === 0) return;
  const { operations } = await catalog.operations.find({ hiveId, limit: 1 });
  if (operations.length === 0) refuseHives("hive_id", missing);
}
