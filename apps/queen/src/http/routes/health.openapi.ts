import { timeMs } from "@repo/hive-catalog/record";
import { z } from "zod";
import type { Operation } from "../openapi/operation.ts";

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
export const CONDITION_EXAMPLE = { state: "watching", since_ms: null, until_ms: null, missing: 0, online: 50 };

export const healthOperations: readonly Operation[] = [
  {
    method: "get",
    path: "/health",
    access: "open",
    operationId: "getHealth",
    tag: "observation",
    summary: "Whether the queen runs, since when, and what she makes of the fleet",
    answers: {
      200: {
        description: "She runs",
        schema: z.strictObject({ status: z.literal("ok"), uptime_ms: z.int().min(0), liveness: ConditionJson }),
        example: { status: "ok", uptime_ms: 86_400_000, liveness: CONDITION_EXAMPLE },
      },
    },
    problems: [],
  },
  {
    method: "get",
    path: "/health/live",
    access: "open",
    operationId: "isLive",
    tag: "observation",
    summary: "Whether the queen runs: if not, restart her",
    answers: { 200: { description: "She runs", ...ok } },
    problems: [],
  },
  {
    method: "get",
    path: "/health/ready",
    access: "open",
    operationId: "isReady",
    tag: "observation",
    summary: "Whether the queen can serve: her catalog answers, and she is not stopping",
    answers: { 200: { description: "She can serve", ...ok } },
    problems: ["NOT_READY"],
  },
];
