import { Cordon } from "@repo/hive-catalog";
import { HIVE_ID_PATTERN, rule } from "@repo/hive-catalog/record";
import * as z from "zod";
import type { Heartbeat } from "../../fleet/workers/heartbeat.ts";
import { MAX_ENTRIES } from "../../process/bounded-json.ts";
import { isObject, MAX_ID_LENGTH, parseBody } from "../input.ts";
import { isoTimeMs } from "../times.ts";
import { BeatFields } from "./beat-fields.ts";
import { readingFields, readReading } from "./reading-json.ts";
import { readWorkers, WORKERS_RULE, WorkersJson } from "./worker-json.ts";

/** Any under which a hive may be stored. */
const hiveId = Cordon.shape.hiveId
  .max(MAX_ID_LENGTH, `must be at most ${MAX_ID_LENGTH} characters`)
  .meta({ description: "The id under which the hive is stored", examples: ["localhost", "hive-prod-01"] });

const heartbeatFields = { hive_id: hiveId, timestamp: isoTimeMs, workers: WorkersJson, ...readingFields };
/** What a hive posts to `/v1/heartbeat`, as it should. Further keys are ignored. */
export const HeartbeatJson = z.object(heartbeatFields);

/** Without this it is nobody's sign of life. */
const Sender = z.object({
  hive_id: hiveId,
  workers: z.array(z.unknown(), rule(WORKERS_RULE)).max(MAX_ENTRIES, rule(WORKERS_RULE)),
});

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
