import { HiveStatus } from "@repo/hive-catalog";
import { timeMs } from "@repo/hive-catalog/record";
import { z } from "zod";
import type { EventType } from "../../telling/events.ts";
import { NOTICE_KINDS } from "../../telling/events.ts";
import type { Operation } from "../openapi/operation.ts";

const at = { at_ms: timeMs };

/** `data` of each type of event, and of the two that only frame the stream. */
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
    .meta({ id: "CordonEvent", description: "A hive was taken from new work, or given back" }),
  operation: z
    .strictObject({ ...at, id: z.string(), hive_id: z.string(), kind: z.string(), state: z.string() })
    .meta({ id: "OperationEvent", description: "An operation on a hive began or ended" }),
  hive_added: z
    .strictObject({ ...at, hive_id: z.string(), host: z.string(), port: z.int(), status: HiveStatus })
    .meta({ id: "HiveAddedEvent", description: "A hive was added" }),
  hive_changed: z.strictObject({ ...at, hive_id: z.string() }).meta({
    id: "HiveChangedEvent",
    description: "Something else of a hive than its status was changed: read it anew",
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
} as const satisfies Record<EventType, z.ZodType>;

export const HelloEvent = z
  .strictObject({ start: z.string(), last_event_id: z.string() })
  .meta({ id: "HelloEvent", description: "The first of a new reader: events after `last_event_id` follow" });

export const GapEvent = z
  .strictObject({
    why: z.enum(["queen_restarted", "buffer_overflowed", "unknown_id"]),
    last_seen_id: z.string(),
    resumed_after_id: z.string(),
  })
  .meta({
    id: "GapEvent",
    description: "Events between these two ids may have been missed: read the hives anew. What is still kept follows",
  });

export const observationSchemas: readonly z.ZodType[] = [...Object.values(EVENT_SCHEMAS), HelloEvent, GapEvent];

const EVENTS_DESCRIPTION = `Server-sent events. Each has an \`id\` of the form \`<start>-<n>\`: \`start\` is another one after each start of the queen, \`n\` counts from 1.
\`data\` is JSON: the schemas \`StatusEvent\`, \`CordonEvent\`, \`OperationEvent\`, \`HiveAddedEvent\`, \`HiveChangedEvent\`, \`HiveRemovedEvent\` and \`LivenessEvent\`, for the types
\`status\`, \`cordon\`, \`operation\`, \`hive_added\`, \`hive_changed\`, \`hive_removed\` and \`liveness\`.

A new reader first gets \`hello\` (\`HelloEvent\`) and then what happens from then on. One that comes back with \`Last-Event-ID\` gets what it has missed; what is
no longer kept, or happened before the queen was restarted, is said as \`gap\` (\`GapEvent\`). A reader that does not keep up is cut off.`;

const html = { description: "The page", schema: z.string(), type: "text/html" };

export const observationOperations: readonly Operation[] = [
  {
    method: "get",
    path: "/v1/events",
    access: "reader",
    operationId: "readEvents",
    tag: "observation",
    summary: "What happens to the fleet, as it happens",
    description: EVENTS_DESCRIPTION,
    headers: z.object({
      "Last-Event-ID": z.string().optional().meta({ description: "The id of the last event that the reader has seen" }),
    }),
    answers: {
      200: {
        description: "A stream that does not end by itself",
        type: "text/event-stream",
        schema: z.string(),
        example:
          'id: mh0p2c8abc123x-7\nevent: status\ndata: {"at_ms":1761040800000,"hive_id":"localhost","was":"unknown","status":"online","why":"its heartbeats arrive"}\n\n',
      },
    },
    problems: ["STOPPING", "TOO_MANY_READERS"],
  },
  {
    method: "get",
    path: "/metrics",
    access: "reader",
    operationId: "getMetrics",
    tag: "observation",
    summary: "Metrics for Prometheus",
    answers: { 200: { description: "In the text format of Prometheus", schema: z.string(), type: "text/plain" } },
    problems: [],
  },
  {
    method: "get",
    path: "/openapi.json",
    access: "open",
    operationId: "getOpenApi",
    tag: "observation",
    summary: "This document",
    answers: { 200: { description: "OpenAPI 3.1", schema: z.looseObject({ openapi: z.string() }) } },
    problems: [],
  },
  {
    method: "get",
    path: "/docs",
    access: "open",
    operationId: "getDocs",
    tag: "observation",
    summary: "This document as a page, which needs no other server",
    answers: { 200: html },
    problems: [],
  },
  {
    method: "get",
    path: "/docs/:file",
    access: "open",
    operationId: "getDocsFile",
    tag: "observation",
    summary: "What that page loads",
    answers: { 200: { description: "The file", schema: z.string(), type: "*/*" } },
    problems: ["NOT_FOUND", "URI_TOO_LONG"],
  },
];
