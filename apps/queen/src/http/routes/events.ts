import * as z from "zod";
import { EVENT_SCHEMAS } from "../../telling/event-data.ts";
import { ANYBODY } from "../door/door.ts";
import { queenStopping } from "../errors.ts";
import { defineRoute, EVENT_STREAM } from "../route.ts";

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
  }).handle(({ headers, caller, raw }, { door, costs, eventStream, stopping }, reply) => {
    if (stopping.aborted) throw queenStopping();
    eventStream.checkRoom(caller ?? ANYBODY);
    const lastEventId = [headers["last-event-id"]].flat()[0];
    reply.hijack();
    eventStream.serve(raw, reply.raw, {
      lastEventId,
      tokenId: caller?.tokenId ?? null,
      isAdmitted: () => caller === null || door.stillKnows(caller),
      onSent: (bytes) => costs.count({ caller, raw }, bytes),
    });
    return undefined;
  }),
];
