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

const at = { at_ms: timeMs };

/** `data` of each type of event. */
export const EVENT_SCHEMAS = {
  status: z
    .strictObject({ ...at, hive_id: z.string(), was: HiveStatus, status: HiveStatus, why: z.string() })
    .meta({ id: "StatusEvent", description: "The status of a hive changed" }),
  cordon: z
    .strictObject({
      ...at,
      hive_id: z.string(),
      cordoned: z.boolean(),
      reason: z.string().nullable(),
      until_ms: timeMs.nullable(),
    })
    .meta({
      id: "CordonEvent",
      description:
        "A hive was taken from new work, or given back: of a cordon that ran out with its `reason` and `until_ms`, of one that was lifted with neither",
    }),
  operation: z
    .strictObject({ ...at, id: z.string(), hive_id: z.string(), kind: z.string(), state: z.string() })
    .meta({ id: "OperationEvent", description: "An operation on a hive began or ended" }),
  operation_step: z
    .strictObject({ ...at, id: z.string(), hive_id: z.string(), kind: z.string(), step: z.string() })
    .meta({
      id: "OperationStepEvent",
      description:
        "A step of an operation began, and the one before it has ended: `GET /v1/operations/{id}` has them all. Only for a reader whose `kind` names it; no row changes by it",
    }),
  hive_added: z
    .strictObject({ ...at, hive_id: z.string(), host: z.string(), port: z.int(), status: HiveStatus })
    .meta({ id: "HiveAddedEvent", description: "A hive was added" }),
  hive_changed: z
    .strictObject({
      ...at,
      hive_id: z.string(),
      changed: z.string().max(500).optional().meta({
        description:
          "What is other, in words: of devices that it was asked for also what it could not read; of what changed by itself, why",
      }),
      labels: z.record(z.string(), z.string()).optional().meta({
        description:
          "Of a change over the API: all labels that the hive has then, where they are at most 2,000 characters as JSON",
      }),
    })
    .meta({
      id: "HiveChangedEvent",
      description: "Something else of a hive than its status was changed: read it anew",
    }),
  workers: z.strictObject({ ...at, hive_id: z.string() }).meta({
    id: "WorkersEvent",
    description:
      "The workers of a hive, its models, or what is used of its devices changed: at most one in 2 s of each hive, and the last state always",
  }),
  hive_removed: z
    .strictObject({ ...at, hive_id: z.string() })
    .meta({ id: "HiveRemovedEvent", description: "A hive was removed" }),
  liveness: z
    .strictObject({
      ...at,
      kind: z.enum(NOTICE_KINDS),
      why: z.string(),
      missing: z.int().nullable(),
      online: z.int().nullable(),
    })
    .meta({
      id: "LivenessEvent",
      description:
        "The queen stood still, lost or found the network, or holds back marks as offline because too many hives went missing at once, or marks again",
    }),
} satisfies Record<string, z.ZodObject>;

export type EventType = keyof typeof EVENT_SCHEMAS;
/** It changes no row: whoever asks for nothing is not told, and it brings none. */
export const CHANGES_NO_ROW = "operation_step" satisfies EventType;
export const EVENT_TYPES = Object.keys(EVENT_SCHEMAS) as EventType[];

/** What whoever publishes an event says; the time is added. */
export type EventData = {
  [Type in EventType]: Omit<z.input<(typeof EVENT_SCHEMAS)[Type]>, "at_ms">;
};
