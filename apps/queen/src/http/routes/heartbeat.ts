import * as z from "zod";
import { checkBeatsFor } from "../door/caller.ts";
import { WRITING } from "../problems.ts";
import { defineRoute } from "../route.ts";
import { HeartbeatJson, readHeartbeat } from "./heartbeat-json.ts";
import { READING_EXAMPLE } from "./reading-json.ts";
import { WORKER_EXAMPLE } from "./worker-answer.ts";

const EMPTY_BEAT = { hive_id: "localhost", timestamp: "2025-10-21T10:00:00Z", workers: [] };

/** Room for as many workers as a beat may have, unless each of them fills all of its fields. */
const MAX_BEAT_BYTES = 524_288;

export const heartbeatRoutes = [
  defineRoute({
    method: "post",
    path: "/v1/heartbeat",
    access: "hive",
    operationId: "sendHeartbeat",
    tag: "heartbeats",
    summary: "Say that a hive is there, and which workers it runs",
    description:
      "Answered once the beat is on disk. `workers` replaces those of the beat before. Further fields are ignored. An optional field that cannot be used counts as unknown, and an entry of a list that cannot be used is left out: only `hive_id` must be right, and `workers` a list.",
    body: {
      schema: HeartbeatJson,
      read: readHeartbeat,
      maxBytes: MAX_BEAT_BYTES,
      examples: {
        one_worker: { ...EMPTY_BEAT, workers: [WORKER_EXAMPLE], ...READING_EXAMPLE },
        no_workers: EMPTY_BEAT,
      },
    },
    answer: {
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
    problems: ["HIVE_NOT_FOUND", ...WRITING],
  }).handle(async ({ body: beat, caller, raw }, { heartbeats }) => {
    checkBeatsFor(caller, beat.hiveId);
    const nextBeatMs = await heartbeats.receive(beat, raw.socket.remoteAddress ?? "");
    return { status: "ok", message: `Heartbeat received from ${beat.hiveId}`, next_beat_ms: nextBeatMs };
  }),
];
