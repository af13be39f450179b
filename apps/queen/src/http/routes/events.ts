import * as z from "zod";
import { EVENT_SCHEMAS, EVENT_TYPES } from "../../telling/event-data.ts";
import { EVENT_ID, eventFilter } from "../../telling/events.ts";
import { ANYBODY } from "../door/caller.ts";
import { queenStopping } from "../errors.ts";
import { defineRoute, EVENT_STREAM } from "../route.ts";
import { FLEET_ROW_EXAMPLE, FleetRowJson } from "./fleet-row-json.ts";
import { missingHives, refuseHives } from "./known-hives.ts";
import { hiveIds, listOf, oneOf } from "./query-fields.ts";

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
\`data\` is JSON, by the schema of the type: \`StatusEvent\` of \`status\`, \`HiveAddedEvent\` of \`hive_added\`, and so on. Events of a hive have \`row\`, but for \`operation_step\`: the hive as \`GET /v1/fleet\` shows it
when the event is sent, null when it is in the catalog no more; where \`row\` is missing it cannot be read now.

A new reader first gets \`hello\` (\`HelloEvent\`) and then what happens from then on. One that comes back with \`Last-Event-ID\` or \`after\` gets what it has missed; what is
no longer kept, or happened before the queen was restarted, is said as \`gap\` (\`GapEvent\`). Every 2 s, and when that was all, comes an \`id\` without data, from which to go on. A reader that does not keep up is cut off.`;

/** Each with the row of its hive, if it is of one. */
const SENT_SCHEMAS = Object.values(EVENT_SCHEMAS).map((schema: z.ZodObject) =>
  "hive_id" in schema.shape ? schema.extend({ row: FleetRowJson.nullish() }).meta(schema.meta() ?? {}) : schema,
);

const EventsQuery = z.strictObject({
  after: z.string().regex(EVENT_ID, "must be the id of an event, or the `position` of a list").optional().meta({
    description:
      "As the header `Last-Event-ID`, which wins: the `position` of `GET /v1/fleet`, or the id of the last event that the reader has seen",
  }),
  hive: hiveIds.meta({
    description: "Only what happens to these hives: several by commas, or by naming it several times",
  }),
  kind: listOf(oneOf(EVENT_TYPES)).meta({
    description: "Only events of these types, in the same way; without it all but `operation_step`",
  }),
});

const EXAMPLE = `id: mh0p2c8abc123x-7
event: status
data: ${JSON.stringify({ at_ms: 1_761_040_800_000, hive_id: "hive-prod-01", was: "unknown", status: "online", why: "its heartbeats arrive", row: FLEET_ROW_EXAMPLE })}

`;

export const eventsRoutes = [
  defineRoute({
    method: "get",
    path: "/v1/events",
    access: "reader",
    operationId: "readEvents",
    summary: "What happens to the fleet, as it happens",
    description: EVENTS_DESCRIPTION,
    query: EventsQuery,
    headers: z.object({
      "Last-Event-ID": z.string().optional().meta({ description: "The id of the last event that the reader has seen" }),
    }),
    answer: {
      description: "A stream that does not end by itself",
      type: EVENT_STREAM,
      schema: z.string(),
      example: EXAMPLE,
    },
    problems: ["STOPPING", "TOO_MANY_READERS"],
    namedSchemas: [...SENT_SCHEMAS, HelloEvent, GapEvent],
  }).handle(async ({ headers, query, caller, raw }, { door, costs, events, eventStream, stopping, catalog }, reply) => {
    const { after, hive: hives, kind: types } = query;
    const lastEventId = [headers["last-event-id"]].flat()[0] ?? after;
    const missing = await missingHives(hives, catalog);
    // A reader that comes back may have followed one that was removed since.
    const isRemembered = (id: string) => lastEventId !== undefined && events.tellsOfRemoval(id);
    refuseHives(
      "hive",
      missing.filter((id) => !isRemembered(id)),
    );
    if (stopping.aborted) throw queenStopping();
    eventStream.checkRoom(caller ?? ANYBODY);
    reply.hijack();
    eventStream.serve(raw, reply.raw, {
      lastEventId,
      filter: eventFilter(hives, types),
      tokenId: caller?.tokenId ?? null,
      isAdmitted: () => door.stillAdmits(caller),
      onSent: (bytes) => costs.count({ caller, raw }, bytes),
    });
    return undefined;
  }),
];
