import { z } from "zod";
import type { Operation } from "../openapi/operation.ts";

const ok = { schema: z.strictObject({ status: z.literal("ok") }), example: { status: "ok" } };

export const healthOperations: readonly Operation[] = [
  {
    method: "get",
    path: "/health",
    access: "open",
    operationId: "getHealth",
    tag: "observation",
    summary: "Whether the queen runs, and since when",
    answers: {
      200: {
        description: "She runs",
        schema: z.strictObject({ status: z.literal("ok"), uptime_ms: z.int().min(0) }),
        example: { status: "ok", uptime_ms: 86_400_000 },
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
