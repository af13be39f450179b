import type { FieldProblem, HiveCatalog } from "@repo/hive-catalog";
import { timeMs } from "@repo/hive-catalog/record";
import * as z from "zod";
import type { Fleet } from "../../fleet/fleet.ts";
import { type Clock, toWallMs } from "../../process/clock.ts";
import { reasonOf } from "../../process/errors.ts";
import { Problem } from "../errors.ts";
import { jsonWriter } from "../json-writer.ts";
import { defineRoute } from "../route.ts";

/** A catalog that takes longer does not answer, for whoever sends work here. */
const CATALOG_DEADLINE_MS = 2000;

const ok = { schema: z.strictObject({ status: z.literal("ok") }), example: { status: "ok" } };

export const ConditionJson = z
  .strictObject({
    state: z.enum(["watching", "grace", "mass_failure", "network_lost"]).meta({
      description:
        "grace: silence of hives counts only from `since_ms`. mass_failure, network_lost: no hive is marked offline for now",
    }),
    since_ms: timeMs.nullable(),
    until_ms: timeMs.nullable().meta({ description: "When the state ends by itself at the latest" }),
    missing: z.int().min(0).meta({ description: "Online hives that were on the way to be marked at the last sweep" }),
    online: z.int().min(0),
  })
  .meta({ id: "QueenCondition", description: "What the queen makes of what she hears of the fleet" });
const conditionToJson = jsonWriter(ConditionJson);
export const CONDITION_EXAMPLE = { state: "watching", since_ms: null, until_ms: null, missing: 0, online: 50 };

/** Whether the queen runs, for whoever restarts her; whether she can serve, for whoever sends requests to her. */
export const healthRoutes = [
  defineRoute({
    method: "get",
    path: "/health",
    access: "always",
    operationId: "getHealth",
    summary: "Whether the queen runs, since when, and what she makes of the fleet",
    answer: {
      description: "She runs",
      schema: z.strictObject({
        status: z.literal("ok"),
        started_at_ms: timeMs,
        uptime_ms: z.int().min(0),
        liveness: ConditionJson,
        other_queens: z
          .int()
          .min(0)
          .meta({ description: "Queens that run on the same catalog, which is made for one" }),
        gpu_rows_left: z.int().min(0).nullable().meta({
          description:
            "Hives that are still to be looked at until hives are found by their GPUs as fast as by all else; null until they are counted",
        }),
      }),
      example: {
        status: "ok",
        started_at_ms: 1_761_040_800_000,
        uptime_ms: 86_400_000,
        liveness: CONDITION_EXAMPLE,
        other_queens: 0,
        gpu_rows_left: 0,
      },
    },
  }).handle((_request, { catalog, fleet, presence, clock, startedAtMs }) => {
    const uptimeMs = Math.round(clock.monotonicNow() - startedAtMs);
    const { left } = catalog.gpuRows;
    return {
      status: "ok",
      started_at_ms: toWallMs(startedAtMs, clock),
      uptime_ms: uptimeMs,
      liveness: conditionToJson(conditionOf(fleet, clock)),
      other_queens: presence.otherQueens,
      gpu_rows_left: Number.isFinite(left) ? left : null,
    };
  }),
  defineRoute({
    method: "get",
    path: "/health/live",
    access: "always",
    operationId: "isLive",
    summary: "Whether the queen runs: if not, restart her",
    answer: { description: "She runs", ...ok },
  }).handle(() => ({ status: "ok" })),
  defineRoute({
    method: "get",
    path: "/health/ready",
    access: "always",
    operationId: "isReady",
    summary: "Whether the queen can serve: her catalog can be read and changed, and she is not stopping",
    answer: { description: "She can serve", ...ok },
    problems: ["NOT_READY"],
  }).handle(async (_request, { catalog, presence, stopping }) => {
    const errors: FieldProblem[] = [];
    if (stopping.aborted) errors.push({ field: "queen", message: "is stopping" });
    const problem = await catalogProblem(catalog, presence.writeProblem);
    if (problem !== undefined) errors.push({ field: "catalog", message: problem });
    if (errors.length === 0) return { status: "ok" };
    const detail = errors.map(({ field, message }) => `the ${field} ${message}`).join("; ");
    throw new Problem("NOT_READY", detail, { errors, headers: { "retry-after": "1" } });
  }),
];

/** What keeps the catalog from being read, or from taking any change; undefined when nothing does. */
async function catalogProblem(catalog: HiveCatalog, writeProblem: string | undefined): Promise<string | undefined> {
  const signal = AbortSignal.timeout(CATALOG_DEADLINE_MS);
  let late = `has not answered within ${CATALOG_DEADLINE_MS} ms`;
  try {
    await catalog.hiveExists("readiness", { signal });
    if (writeProblem !== undefined) return `fails: ${writeProblem}`;
    late = `takes no change: another process has held its lock for ${CATALOG_DEADLINE_MS} ms`;
    await catalog.checkWritable({ signal });
    return undefined;
  } catch (error) {
    return signal.aborted ? late : `fails: ${reasonOf(error)}`;
  }
}

/** Times are shown by the wall clock. */
export function conditionOf(fleet: Fleet, clock: Clock) {
  const { state, sinceMs, untilMs, missing, online } = fleet.condition();
  const wallMs = (atMs: number | undefined) => (atMs === undefined ? null : toWallMs(atMs, clock));
  return { state, sinceMs: wallMs(sinceMs), untilMs: wallMs(untilMs), missing, online };
}
