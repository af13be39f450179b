import { Cordon } from "@repo/hive-catalog";
import { HIVE_ID_PATTERN, rule } from "@repo/hive-catalog/record";
import * as z from "zod";
import type { Heartbeat } from "../../fleet/workers/heartbeat.ts";
import { MAX_ENTRIES } from "../../process/bounded-json.ts";
import { checkBeatsFor } from "../door/caller.ts";
import { isObject, MAX_ID_LENGTH, parseBody } from "../input.ts";
import { WRITING } from "../problems.ts";
import { defineRoute } from "../route.ts";
import { isoTimeMs } from "../times.ts";
import { BeatFields } from "./beat-fields.ts";
import { READING_EXAMPLE, readingFields, readReading } from "./reading-json.ts";
import { WORKER_EXAMPLE } from "./worker-answer.ts";
import { readWorkers, WORKERS_RULE, WorkersJson } from "./worker-json.ts";

/** Any under which a hive may be stored. */
const hiveId = Cordon.shape.hiveId
  .max(MAX_ID_LENGTH, `must be at most ${MAX_ID_LENGTH} characters`)
  .meta({ description: "The id under which the hive is stored", examples: ["localhost", "hive-prod-01"] });

const heartbeatFields = { hive_id: hiveId, timestamp: isoTimeMs, workers: WorkersJson, ...readingFields };
/** What a hive posts to `/v1/heartbeat`, as it should. Further keys are ignored. */
export const HeartbeatJson = z.object(heartbeatFields).meta({ id: "Heartbeat" });

/** Without this it is nobody's sign of life. */
const Sender = z.object({
  hive_id: hiveId,
  workers: z.array(z.unknown(), rule(WORKERS_RULE)).max(MAX_ENTRIES, rule(WORKERS_RULE)),
});

const EMPTY_BEAT = { hive_id: "localhost", timestamp: "2025-10-21T10:00:00Z", workers: [] };

/** Room for as many workers as a beat may have, unless each of them fills all of its fields. */
const MAX_BEAT_BYTES = 524_288;

export const heartbeatRoutes = [
  defineRoute({
    method: "post",
    path: "/v1/heartbeat",
    access: "hive",
    operationId: "sendHeartbeat",
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

/**
 * A beat is first of all a sign of life: what of it breaks `HeartbeatJson` is left out, as long as it is known whose it is. Throws a Problem that
 * names each wrong field otherwise.
 */
export function readHeartbeat(json: unknown): Heartbeat {
  if (!hasSender(json)) return parseBody(HeartbeatJson.pipe(z.never()), json, "INVALID_ARGUMENT");
  const fields = new BeatFields();
  const timestampMs = fields.time(json.timestamp ?? "", "timestamp");
  const workers = readWorkers(json.workers, fields);
  const reading = readReading(json, fields);
  return { hiveId: json.hive_id, timestampMs, workers, reading, unusable: fields.unusable };
}

type WithSender = Record<keyof typeof heartbeatFields, unknown> & z.output<typeof Sender>;

function hasSender(json: unknown): json is WithSender {
  if (!isObject(json)) return false;
  const { hive_id: id, workers } = json;
  // Most are plain, and zod has its price.
  if (typeof id === "string" && HIVE_ID_PATTERN.test(id) && Array.isArray(workers) && workers.length <= MAX_ENTRIES) {
    return true;
  }
  return Sender.safeParse(json).success;
}
