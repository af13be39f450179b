import { HiveStatus } from "@repo/hive-catalog";
import { timeMs } from "@repo/hive-catalog/record";
import * as z from "zod";

export const NOTICE_KINDS = [
  "stalled",
  "suspended",
  "network_lost",
  "network_back",
  "mass_failure",
  "resumed",
] as const;

const event = <Shape extends z.ZodRawShape>(id: string, description: string, shape: Shape) =>
  z.strictObject({ at_ms: timeMs, ...shape }).meta({ id, description });
const hive_id = z.string();

/** `data` of each type of event. */
export const EVENT_SCHEMAS = {
  status: event("StatusEvent", "The status of a hive changed", {
    hive_id,
    was: HiveStatus,
    status: HiveStatus,
    why: z.string(),
  }),
  cordon: event(
    "CordonEvent",
    "A hive was taken from new work, or given back: of a cordon that ran out with its `reason` and `until_ms`, of one that was lifted with neither",
    { hive_id, cordoned: z.boolean(), reason: z.string().nullable(), until_ms: timeMs.nullable() },
  ),
  operation: event("OperationEvent", "An operation on a hive began or ended", {
    id: z.string(),
    hive_id,
    kind: z.string(),
    state: z.string(),
  }),
  operation_step: event(
    "OperationStepEvent",
    "A step of an operation began, and the one before it has ended: `GET /v1/operations/{id}` has them all. Only for a reader whose `kind` names it; no row changes by it",
    { id: z.string(), hive_id, kind: z.string(), step: z.string() },
  ),
  hive_added: event("HiveAddedEvent", "A hive was added", {
    hive_id,
    host: z.string(),
    port: z.int(),
    status: HiveStatus,
  }),
  hive_changed: event("HiveChangedEvent", "Something else of a hive than its status was changed: read it anew", {
    hive_id,
    changed: z.string().max(500).optional().meta({
      description:
        "What is other, in words: of devices that it was asked for also what it could not read; of what changed by itself, why",
    }),
    labels: z.record(z.string(), z.string()).optional().meta({
      description:
        "Of a change over the API: all labels that the hive has then, where they are at most 2,000 characters as JSON",
    }),
  }),
  workers: event(
    "WorkersEvent",
    "The workers of a hive, its models, or what is used of its devices changed: at most one in 2 s of each hive, and the last state always",
    { hive_id },
  ),
  hive_removed: event("HiveRemovedEvent", "A hive was removed", { hive_id }),
  liveness: event(
    "LivenessEvent",
    "The queen stood still, lost or found the network, or holds back marks as offline because too many hives went missing at once, or marks again",
    { kind: z.enum(NOTICE_KINDS), why: z.string(), missing: z.int().nullable(), online: z.int().nullable() },
  ),
} satisfies Record<string, z.ZodObject>;

export type EventType = keyof typeof EVENT_SCHEMAS;
/** It changes no row: whoever asks for nothing is not told, and it brings none. */
export const CHANGES_NO_ROW = "operation_step" satisfies EventType;
export const EVENT_TYPES = Object.keys(EVENT_SCHEMAS) as EventType[];

/** What whoever publishes an event says; the time is added. */
export type EventData = {
  [Type in EventType]: Omit<z.input<(typeof EVENT_SCHEMAS)[Type]>, "at_ms">;
};
