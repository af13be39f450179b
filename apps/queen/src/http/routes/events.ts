import { HiveStatus } from "@repo/hive-catalog";
import { timeMs } from "@repo/hive-catalog/record";
import * as z from "zod";
import { type EventData, NOTICE_KINDS } from "../../telling/events.ts";
import { queenStopping } from "../errors.ts";
import { defineRoute, EVENT_STREAM } from "../route.ts";

const at = { at_ms: timeMs };

/** `data` of each type of event, and of the two that only frame the stream. */
const EVENT_SCHEMAS = {
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
} satisfies { [Type in keyof EventData]: z.ZodType<EventData[Type] & { at_ms: number }> };

const HelloEvent = z
  .strictObject({ start: z.string(), last_event_id: z.string() })
  .meta({ id: "HelloEvent", description: "The first of a new reader: events after `last_event_id` follow" });

const GapEvent = z
  .strictObject({
    why: z.enum(["queen_restarted", "buffer_overflowed", "unknown_id"]),
    last_seen_id: z.string(),
    resumed_after_id: z.string(),
  })
  .meta({
    id: "GapEvent",
    description: "Events between these two ids may have been missed: read the hives anew. What is still kept follows",
  });

const EVENTS_DESCRIPTION = `Server-sent events. Each has an \`id\` of the form \`<start>-<n>\`: \`start\` is another one after each start of the queen, \`n\` counts from 1.
\`data\` is JSON: the schemas \`StatusEvent\`, \`CordonEvent\`, \`OperationEvent\`, \`HiveAddedEvent\`, \`HiveChangedEvent\`, \`HiveRemovedEvent\` and \`LivenessEvent\`, for the types
\`status\`, \`cordon\`, \`operation\`, \`hive_added\`, \`hive_changed\`, \`hive_removed\` and \`liveness\`.

A new reader first gets \`hello\` (\`HelloEvent\`) and then what happens from then on. One that comes back with \`Last-Event-ID\` gets what it has missed; what is
no longer kept, or happened before the queen was restarted, is said as \`gap\` (\`GapEvent\`). A reader that does not keep up is cut off.`;

export const eventsRoutes = [
  defineRoute({
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
    answer: {
      description: "A stream that does not end by itself",
      type: EVENT_STREAM,
      schema: z.string(),
      example:
        'id: mh0p2c8abc123x-7\nevent: status\ndata: {"at_ms":1761040800000,"hive_id":"localhost","was":"unknown","status":"online","why":"its heartbeats arrive"}\n\n',
    },
    problems: ["STOPPING", "TOO_MANY_READERS"],
    namedSchemas: [...Object.values(EVENT_SCHEMAS), HelloEvent, GapEvent],
  }).handle(({ headers, caller, raw }, { door, eventStream, stopping }, reply) => {
    if (stopping.aborted) throw queenStopping();
    eventStream.checkRoom();
    const lastEventId = [headers["last-event-id"]].flat()[0];
    reply.hijack();
    eventStream.serve(raw, reply.raw, lastEventId, () => caller === null || door.stillKnows(caller));
    return undefined;
  }),
];
