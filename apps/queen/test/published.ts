import type { EventType } from "../src/telling/event-data.ts";
import type { EventLog } from "../src/telling/events.ts";

/** What the queen has told whoever reads her events, as [type, data]; of one type alone, where that is given. */
export function published({ events }: { events: EventLog }, only?: EventType) {
  const all = events.after(0, Number.POSITIVE_INFINITY).events;
  return all
    .filter(({ type }) => only === undefined || type === only)
    .map(({ type, data }): [EventType, Record<string, unknown>] => [type, data]);
}
