import { z } from "zod";
import type { Operation } from "../openapi/operation.ts";
import { WITH_BODY, WRITING } from "../openapi/problems.ts";
import { HeartbeatJson } from "./heartbeat-json.ts";
import { WORKER_EXAMPLE } from "./workers.openapi.ts";

export const heartbeatOperations: readonly Operation[] = [
  {
    method: "post",
    path: "/v1/heartbeat",
    access: "hive",
    operationId: "sendHeartbeat",
    tag: "heartbeats",
    summary: "Say that a hive is there, and which workers it runs",
    description:
      "Answered once the beat is on disk. `workers` replaces those of the beat before. Further fields are ignored.",
    body: {
      schema: HeartbeatJson,
      examples: {
        one_worker: { hive_id: "localhost", timestamp: "2025-10-21T10:00:00Z", workers: [WORKER_EXAMPLE] },
        no_workers: { hive_id: "localhost", timestamp: "2025-10-21T10:00:00Z", workers: [] },
      },
    },
    answers: {
      200: {
        description: "The beat is stored",
        schema: z.strictObject({
          status: z.literal("ok"),
          message: z.string(),
          next_beat_ms: z.int().min(1).meta({
            description:
              "In how many milliseconds the next beat is best sent: spreads the beats of the fleet, and asks for fewer when the queen is busy",
          }),
        }),
        example: { status: "ok", message: "Heartbeat received from localhost", next_beat_ms: 15_000 },
      },
    },
    problems: ["INVALID_ARGUMENT", "HIVE_NOT_FOUND", ...WITH_BODY, ...WRITING],
  },
];
