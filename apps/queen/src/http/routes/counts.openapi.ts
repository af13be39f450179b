import { z } from "zod";
import type { Operation } from "../openapi/operation.ts";
import { READING } from "../openapi/problems.ts";

const count = z.int().min(0);

export const countsOperations: readonly Operation[] = [
  {
    method: "get",
    path: "/v1/counts",
    access: "reader",
    operationId: "countHives",
    tag: "hives",
    summary: "Hives in all and by status",
    answers: {
      200: {
        description: "The counts. A hive whose status another program damaged is in `total` alone",
        schema: z.strictObject({ total: count, unknown: count, online: count, offline: count }),
        example: { total: 12, unknown: 1, online: 10, offline: 1 },
      },
    },
    problems: ["INVALID_ARGUMENT", ...READING],
  },
];
