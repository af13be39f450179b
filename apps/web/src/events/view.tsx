import { hasGap, type PastEvent, usePast } from "../state/past.ts";
import { hrefOf } from "../state/place.ts";
import { momentText } from "../words/amounts.ts";

export function EventsView() {
  const past = usePast();
  return (
    <>
      <h1>Events</h1>
      <p class="soft">What happened since the queen started, the newest first.</p>
      {hasGap.value && <p class="moved">Some were missed while nothing was heard of the queen.</p>}
      <EventList events={past} />
    </>
  );
}

export function EventList({ events, isOfHive = false }: { events: readonly PastEvent[]; isOfHive?: boolean }) {
  if (events.length === 0) return <p class="nothing">Nothing has happened yet.</p>;
  return (
    <ol class="events">
      {events.map(({ id, atMs, hiveId, text }) => (
        <li key={id}>
          <time dateTime={new Date(atMs).toISOString()}>{momentText(atMs)}</time>
          {!isOfHive && (
            <span class="mono">{hiveId !== undefined && <a href={hrefOf("hives", hiveId)}>{hiveId}</a>}</span>
          )}
          <span>{text}</span>
        </li>
      ))}
    </ol>
  );
}
