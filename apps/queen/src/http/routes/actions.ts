import { finished } from "node:stream";
import { HiveCatalogError, LabelChanges } from "@repo/hive-catalog";
import { printable } from "@repo/process-log/printable";
import type { FastifyReply } from "fastify";
import * as z from "zod";
import {
  cordoning,
  detecting,
  type HiveAction,
  labelling,
  operating,
  removing,
  uncordoning,
} from "../../lifecycle/bulk/actions.ts";
import { type BulkLine, OUTCOMES } from "../../lifecycle/bulk/lines.ts";
import { count, countOfEach } from "../count-fields.ts";
import { invalidArgument, queenStopping } from "../errors.ts";
import { got } from "../field-problems.ts";
import { checkObject, MAX_ID_LENGTH, parseBody } from "../input.ts";
import { jsonWriter } from "../json-writer.ts";
import { answerLines, NDJSON } from "../lines.ts";
import type { AppParts } from "../parts.ts";
import { ProblemJson } from "../problems.ts";
import { defineRoute } from "../route.ts";
import { checkEnd, endOf, newCordon } from "./cordons.ts";
import { HIVES_PER_BATCH, hiveConditions } from "./hive-list.ts";
import { OperationStepJson } from "./operations.ts";
import { NextAfter } from "./paging.ts";
import { flag, upTo, wholeNumber } from "./query-fields.ts";

const MAX_HIVES = 1000;
const IDS = `must be a list of 1 to ${MAX_HIVES} ids`;
const MAX_PARALLEL = 16;

const choice = {
  ids: z
    .array(z.string("must be a text").max(MAX_ID_LENGTH, `must be at most ${MAX_ID_LENGTH} characters`), IDS)
    .min(1, IDS)
    .max(MAX_HIVES, IDS)
    .optional()
    .meta({ description: "These hives, in this order; one that is named twice is done once" }),
  ...hiveConditions,
  status: hiveConditions.status.meta({ description: "Those with this, or with one of these" }),
  after: z.string("must be a text").optional().meta({ description: "The `next_after` of the request before" }),
  limit: upTo(MAX_HIVES)
    .default(MAX_HIVES)
    .meta({ description: "Hives at most that are chosen by what they are, beside those that cannot be read" }),
};
type Choice = z.output<z.ZodObject<typeof choice>>;
/** What else a body says is left out. */
const Conditions = z.object(hiveConditions);

/** Nobody means all hives by saying nothing of them. */
function checkChoice({ value: { ids, limit, after, ...others }, issues }: z.core.ParsePayload<Choice>): void {
  const named = Object.keys(hiveConditions).filter((name) => others[name as keyof typeof hiveConditions] !== undefined);
  if ((ids === undefined) === named.length > 0) return;
  const message =
    ids === undefined
      ? 'say which hives: by ids, or by selector, gpu, status and the like; `"selector":""` is all'
      : "must be absent beside ids";
  issues.push({ code: "custom", input: undefined, path: [named[0] ?? "ids"], message });
}

const action = <Name extends string, Shape extends z.ZodRawShape>(name: Name, shape: Shape) =>
  z.strictObject({ action: z.literal(name), ...shape, ...choice });

const force = z.boolean("must be true or false").default(false).meta({
  description: "Remove it all the same, for a host that is gone: an agent that still runs there stays",
});
const overwrite = z.boolean("must be true or false").default(true).meta({
  description: "Also where the hive has another value of the label, which fails otherwise",
});
const overwriteCordon = z.boolean("must be true or false").optional().meta({
  description:
    "Also where the hive has a cordon that ends later, and is skipped otherwise. Default: where one hive alone is named by `ids`",
});
const Actions = {
  cordon: action("cordon", { ...newCordon, overwrite: overwriteCordon })
    .check(checkEnd)
    .check(checkChoice),
  uncordon: action("uncordon", {}).check(checkChoice),
  label: action("label", { labels: LabelChanges, overwrite }).check(checkChoice),
  detect: action("detect", {}).check(checkChoice),
  install: action("install", {}).check(checkChoice),
  start: action("start", {}).check(checkChoice),
  stop: action("stop", {}).check(checkChoice),
  restart: action("restart", {}).check(checkChoice),
  remove: action("remove", { force }).check(checkChoice),
};
type ActionName = keyof typeof Actions;
type ActionBody = { [Name in ActionName]: z.output<(typeof Actions)[Name]> }[ActionName];
const NAMES = Object.keys(Actions) as ActionName[];
const isName = (name: unknown): name is ActionName => NAMES.some((known) => known === name);

function readAction(json: unknown): ActionBody {
  const { action } = checkObject(json, "INVALID_ARGUMENT");
  if (isName(action)) return parseBody(Actions[action] as z.ZodType<ActionBody>, json, "INVALID_ARGUMENT");
  throw invalidArgument("action", `must be one of ${NAMES.join(", ")}${got(action)}`);
}

const CountsJson = z.strictObject(countOfEach(OUTCOMES));
const HiveLineJson = z
  .strictObject({
    type: z.literal("hive"),
    hive_id: z.string(),
    outcome: z.enum(OUTCOMES),
    detail: z.string().meta({ description: "In words: what was done, would be, or why not" }),
    problem: ProblemJson.nullable().meta({ description: "What the route for one hive would have answered" }),
    operation_id: z.string().nullable().meta({ description: "The operation that began: `GET /v1/operations/{id}`" }),
  })
  .meta({ id: "ActionOnHive", description: "The word on one hive: each gets one" });
const StepLineJson = z
  .strictObject({ type: z.literal("step"), hive_id: z.string(), operation_id: z.string(), step: OperationStepJson })
  .meta({ id: "ActionStep", description: "With `wait=true`: a step of an operation began, or ended" });
const stepToJson = jsonWriter(StepLineJson);
const CountsLineJson = z
  .strictObject({
    type: z.enum(["progress", "end"]),
    counts: CountsJson.meta({ description: "Hives by their outcome" }),
    running: count.meta({ description: "Hives on which something is done now, or an operation goes on" }),
    not_begun: count,
    next_after: NextAfter.meta({
      description: "In `end`: `after` for the hives behind these; null when there are none",
    }),
    stopping: z
      .boolean()
      .meta({ description: "In `end`: whether the queen stops, and has left out what had not begun" }),
  })
  .meta({ id: "ActionCounts", description: "`progress` after 15 s without a line; `end` is the last line of all" });
const LineJson = z.union([HiveLineJson, StepLineJson, CountsLineJson]).meta({ id: "ActionLine" });

const DESCRIPTION = `Which hives: \`ids\`, or what \`GET /v1/hives\` takes, and then at most \`limit\`, by id, and beside them those that cannot be read, which fail; \`next_after\` of the last line says where to go on with the same body. At most
\`parallel\` are worked on at a time, and none keeps another back. With a dry run nothing changes. An operation (install, start, stop, restart) counts until it has ended; its hive is told
when it has begun or, with \`wait=true\`, when it has ended, with its steps before. Whoever leaves, or whose token ends, ends what has not begun; what has begun is finished, and operations go on.`;

export const actionsRoutes = [
  defineRoute({
    method: "post",
    path: "/v1/hives/actions",
    operationId: "actOnHives",
    summary: "Do one thing to many hives",
    description: DESCRIPTION,
    query: z.strictObject({
      dry_run: flag.meta({ description: "Say what would be done, and change nothing" }),
      wait: flag.meta({ description: "Tell of operations to their end, step by step" }),
      parallel: wholeNumber(upTo(MAX_PARALLEL).default(4)).meta({ description: "Hives at a time" }),
    }),
    body: {
      schema: z
        .union(NAMES.map((name) => Actions[name].meta({ id: `${name[0]?.toUpperCase()}${name.slice(1)}Hives` })))
        .meta({ id: "Action" }),
      read: readAction,
      examples: {
        cordon: { action: "cordon", reason: "new power supply", for: "2h", selector: "rack=r12" },
        uncordon: { action: "uncordon", cordoned: true, selector: "rack=r12" },
        label: { action: "label", labels: { env: "prod", drained: null }, ids: ["hive-prod-01", "hive-prod-02"] },
        install: { action: "install", selector: "env=prod,!installed" },
        remove: { action: "remove", force: true, status: "offline", selector: "rack=r13" },
      },
    },
    answer: {
      description: "A line of NDJSON for each hive as it goes, and a last one with the counts",
      type: NDJSON,
      schema: LineJson,
      example: {
        type: "hive",
        hive_id: "hive-prod-01",
        outcome: "done",
        detail: "cordon until 2025-10-21T12:00:00.000Z",
        problem: null,
        operation_id: null,
      },
    },
    problems: ["STOPPING"],
  }).handle(async (request, parts, reply) => {
    const { query, body } = request;
    const { bulk, costs, door, stopping } = parts;
    if (stopping.aborted) throw queenStopping();
    costs.admitBulk(request, reply);
    const action = actionOf(body, parts);
    const signal = signalUntil(reply, stopping);
    const { hiveIds, damaged, nextAfter } = await choose(body, parts);
    const lines = bulk.run({
      name: body.action,
      action,
      hiveIds,
      damaged,
      parallel: query.parallel,
      isDryRun: query.dry_run,
      waits: query.wait,
      signal,
      isAdmitted: () => door.stillAdmits(request.caller),
    });
    return answerLines(toJson(lines, nextAfter, parts, reply), reply);
  }),
];

/** Aborts when nobody listens to the answer any more, or with `stopping`, which keeps nothing of it afterwards. */
function signalUntil(reply: FastifyReply, stopping: AbortSignal): AbortSignal {
  const left = new AbortController();
  const leave = () => left.abort();
  stopping.addEventListener("abort", leave, { once: true, signal: left.signal });
  finished(reply.raw, leave);
  return left.signal;
}

function actionOf(body: ActionBody, parts: AppParts): HiveAction {
  switch (body.action) {
    case "cordon": {
      const { reason, overwrite = body.ids?.length === 1 } = body;
      return cordoning({ reason, untilMs: endOf(body, parts.clock.now()), overwrite }, parts);
    }
    case "uncordon":
      return uncordoning(parts);
    case "label":
      return labelling(body, parts);
    case "detect":
      return detecting(parts);
    case "remove":
      return removing(body, parts);
    default:
      return operating(body.action, parts);
  }
}

interface Chosen {
  readonly hiveIds: readonly string[];
  /** Of those: what cannot be read, and why. */
  readonly damaged: ReadonlyMap<string, Error>;
  readonly nextAfter: string | null;
}

/** All at once, before anything is done: what is done may change what would be chosen. */
async function choose({ ids, after, limit, ...body }: Choice, { catalog, costs }: AppParts): Promise<Chosen> {
  const damaged = new Map<string, Error>();
  if (ids !== undefined) return { hiveIds: [...new Set(ids)], damaged, nextAfter: null };
  const onCorruptHive = ({ id, column, problem }: { id: string; column: string; problem: string }) =>
    void damaged.set(id, new HiveCatalogError("CORRUPT_HIVE", `${column}: ${problem}`, { hiveId: id }));
  const conditions = Conditions.parse(body);
  const found: string[] = [];
  for (let from = after; ; ) {
    await costs.turn();
    const size = Math.min(HIVES_PER_BATCH, limit - found.length);
    const { hives, nextAfter } = await catalog.findHives({ ...conditions, after: from, limit: size, onCorruptHive });
    found.push(...hives.map(({ id }) => id));
    if (nextAfter === null || hives.length < size || found.length === limit) {
      return { hiveIds: [...found, ...damaged.keys()], damaged, nextAfter };
    }
    from = nextAfter;
  }
}

async function* toJson(
  lines: AsyncIterable<BulkLine>,
  nextAfter: string | null,
  parts: AppParts,
  { request }: FastifyReply,
): AsyncGenerator<z.input<typeof LineJson>> {
  for await (const line of lines) {
    if (line.type === "step") {
      yield stepToJson(line);
    } else if (line.type === "hive") {
      const { type, hiveId, outcome, detail, error, operationId = null } = line;
      const problem = error === undefined ? undefined : parts.problemNotes.noted(error, request);
      const text = printable(problem?.message ?? detail);
      yield {
        type,
        hive_id: hiveId,
        outcome,
        detail: text,
        problem: problem?.body(request.id) ?? null,
        operation_id: operationId,
      };
    } else {
      const { type, counts, running, notBegun } = line;
      const isEnd = type === "end";
      const stopping = isEnd && parts.stopping.aborted && notBegun > 0;
      yield { type, counts, running, not_begun: notBegun, next_after: isEnd ? nextAfter : null, stopping };
    }
  }
}
