import type { EventQuery, QueenClient } from "./client.ts";
import { follow } from "./follow.ts";
import { firstPlaceOf, placeNumberOf } from "./places.ts";
import type { Call } from "./requests.ts";
import type { QueenEvent } from "./types.ts";

/** What a queen still keeps of her events after that place, or since her start, up to now. */
export async function* keptEvents(
  queen: QueenClient,
  { after, signal, ...query }: EventQuery,
  call?: Call,
): AsyncGenerator<QueenEvent, void, undefined> {
  const { position } = await queen.listFleet({ limit: 1 }, call);
  const first = after ?? firstPlaceOf(position);
  if (first === position || placeNumberOf(position) === 0) return;
  const end = new AbortController();
  const leave = signal && follow(signal, () => end.abort());
  // A bookmark, too, says that this was all.
  const onPlace = (id: string) => {
    if (placeNumberOf(id) >= placeNumberOf(position) || firstPlaceOf(id) !== firstPlaceOf(position)) end.abort();
  };
  try {
    yield* queen.readEvents({ ...query, after: first, signal: end.signal, onPlace });
  } finally {
    leave?.();
  }
}
