import { NewCordon } from "@repo/hive-catalog";
import { timeMs } from "@repo/hive-catalog/record";
import * as z from "zod";
import { invalidArgument } from "../errors.ts";
import { got } from "../field-problems.ts";
import { jsonWriter } from "../json-writer.ts";
import { WRITING } from "../problems.ts";
import { defineRoute } from "../route.ts";
import { durationMs, isoTimeMs } from "../times.ts";
import { answerPage, foundOf, NextAfter, pageQuery } from "./paging.ts";

const cordonFields = { reason: z.string(), until_ms: timeMs.nullable(), created_at_ms: timeMs };
export const CordonJson = z.strictObject(cordonFields).meta({ id: "Cordon" });
export const cordonToJson = jsonWriter(CordonJson);
const CordonOfHive = z.strictObject({ hive_id: z.string(), ...cordonFields }).meta({ id: "CordonOfHive" });
const cordonOfHiveToJson = jsonWriter(CordonOfHive);

export const newCordon = {
  reason: NewCordon.shape.reason,
  until_ms: timeMs.nullish(),
  until: isoTimeMs.optional(),
  for: durationMs.optional(),
};
type NewCordonJson = z.output<z.ZodObject<typeof newCordon>>;

/** For the schema of a body with a new cordon. */
export function checkEnd({ value: { until_ms, until, for: forMs }, issues }: z.core.ParsePayload<NewCordonJson>): void {
  if ([until_ms ?? undefined, until, forMs].filter((end) => end !== undefined).length < 2) return;
  const message = "must be the only one of until_ms, until and for";
  issues.push({ code: "custom", input: undefined, path: [forMs === undefined ? "until" : "for"], message });
}

export const CORDON = { reason: "new power supply", until_ms: 1_761_127_200_000 };

const CORDON_OF_HIVE = { hive_id: "hive-prod-01", ...CORDON, created_at_ms: 1_761_040_800_000 };
const CORDONS_PER_BATCH = 250;

export const cordonsRoutes = [
  defineRoute({
    method: "get",
    path: "/v1/cordons",
    access: "reader",
    operationId: "listCordons",
    summary: "List the cordons that are in force, by hive, page by page",
    description: "One that another program damaged stays in force; its reason says so.",
    query: z.strictObject(pageQuery("Cordons")),
    isCostly: true,
    answer: {
      description: "One page",
      schema: z.strictObject({
        cordons: z.array(CordonOfHive).meta({ description: "By the id of the hive" }),
        next_after: NextAfter,
      }),
      example: { cordons: [CORDON_OF_HIVE], next_after: null },
    },
  }).handle(({ query: page }, { catalog, costs }) => {
    return answerPage(
      {
        page,
        batchSize: CORDONS_PER_BATCH,
        read: async (part) => foundOf(await catalog.cordons.list(part), part, ({ hiveId }) => hiveId),
        toJson: cordonOfHiveToJson,
        answer: (cordons, next_after) => ({ cordons, next_after }),
      },
      costs,
    );
  }),
  defineRoute({
    method: "post",
    path: "/v1/hives/:id/cordon",
    operationId: "cordonHive",
    summary: "Give a hive no new work",
    description:
      "It is watched as ever, and never the best worker's. In place of an earlier cordon. Ends at `until` or `until_ms`, after `for`, or when it is lifted.",
    body: {
      schema: z.strictObject(newCordon).check(checkEnd).meta({ id: "CordonRequest" }),
      examples: {
        until_lifted: { reason: "new power supply" },
        for_two_hours: { reason: "new power supply", for: "2h" },
        until_a_time: { reason: "new power supply", until: "2025-10-22T08:00:00+02:00" },
        until_milliseconds: CORDON,
      },
    },
    answer: {
      description: "It is cordoned",
      schema: CordonOfHive,
      example: CORDON_OF_HIVE,
    },
    problems: WRITING,
  }).handle(async ({ params: { id }, body }, { fleet, clock }) => {
    const { reason } = body;
    return cordonOfHiveToJson(await fleet.cordons.set(id, { reason, untilMs: endOf(body, clock.now()) }));
  }),
  defineRoute({
    method: "post",
    path: "/v1/hives/:id/uncordon",
    operationId: "uncordonHive",
    summary: "Give a hive new work again",
    answer: {
      description: "It is not cordoned; `lifted` says whether it was",
      schema: z.strictObject({ hive_id: z.string(), lifted: z.boolean() }),
      example: { hive_id: "hive-prod-01", lifted: true },
    },
    problems: WRITING,
  }).handle(async ({ params: { id } }, { fleet }) => ({ hive_id: id, lifted: await fleet.cordons.lift(id) })),
];

/** When a cordon is to end; null for one that is lifted. Throws a Problem for an end that is over. */
export function endOf({ until_ms = null, until, for: forMs }: NewCordonJson, nowMs: number): number | null {
  if (forMs !== undefined) return nowMs + forMs;
  const untilMs = until ?? until_ms;
  if (untilMs === null || untilMs > nowMs) return untilMs;
  const [field, show] = until === undefined ? ["until_ms", Number] : ["until", toIso];
  throw invalidArgument(field, `must be later than now, which is ${show(nowMs)}${got(show(untilMs))}`);
}

const toIso = (timeMs: number): string => new Date(timeMs).toISOString();
