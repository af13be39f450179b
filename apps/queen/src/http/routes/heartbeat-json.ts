import { Cordon } from "@repo/hive-catalog";
import { HIVE_ID_PATTERN } from "@repo/hive-catalog/record";
import * as z from "zod";
import type { Heartbeat } from "../../fleet/fleet.ts";
import { MAX_ID_LENGTH, parseBody } from "../input.ts";
import { isoTimeMs, isUsualTime } from "../times.ts";
import { usualWorkers, WorkersJson } from "./worker-json.ts";

/** Any under which a hive may be stored. */
const hiveId = Cordon.shape.hiveId
  .max(MAX_ID_LENGTH, `must be at most ${MAX_ID_LENGTH} characters`)
  .meta({ description: "The id under which the hive is stored", examples: ["localhost", "hive-prod-01"] });

/** What a hive posts to `/v1/heartbeat`. Further keys are ignored. */
export const HeartbeatJson = z
  .object({
    hive_id: hiveId,
    timestamp: isoTimeMs,
    workers: WorkersJson,
  })
  .transform(
    ({ hive_id, timestamp, workers }): Heartbeat => ({
      hiveId: hive_id,
      timestampMs: timestamp,
      workers,
    }),
  );

/** Throws a Problem that names each wrong field. */
export const readHeartbeat = (json: unknown): Heartbeat =>
  usualHeartbeat(json) ?? parseBody(HeartbeatJson, json, "INVALID_ARGUMENT");

/** A sound heartbeat, without the cost of zod; undefined for anything else, which `HeartbeatJson` then judges. */
export function usualHeartbeat(json: unknown): Heartbeat | undefined {
  if (typeof json !== "object" || json === null) return undefined;
  const { hive_id: hiveId, timestamp, workers: items } = json as Record<string, unknown>;
  if (typeof hiveId !== "string" || !HIVE_ID_PATTERN.test(hiveId) || !isUsualTime(timestamp)) return undefined;
  const workers = usualWorkers(items);
  return workers && { hiveId, timestampMs: Date.parse(timestamp.toUpperCase()), workers };
}
