import { hasGap, MAX_KEPT, type Past, usePast } from "../state/past.ts";
import { hrefOf } from "../state/place.ts";
import { momentText } from "../words/amounts.ts";

export function EventsView() {
  const past = usePast();
  return (
    <>
      <h1>Events</h1>
      <p class="soft">
        The last {MAX_KEPT} things that happened since the queen started, the newest first. What workers do is not among
        them.
      </p>
      {hasGap.value && <p class="moved">Some were missed while nothing was heard of the queen.</p>}
      <EventList past={past} />
    </>
  );
}

export function EventList({ past: { hiveId: ofHive, events, isRead } }: { past: Past }) {
  const isOfHive = ofHive !== undefined;
  if (events.value.length === 0) {
    if (!isRead.value) return <p class="nothing">Reading…</p>;
    return <p class="nothing">Nothing has happened since the queen started.</p>;
  }
  return (
    <ol class="events">
      {events.value.map(({ id, atMs, hiveId, text }) => (
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
