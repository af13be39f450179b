/** A stored beat further ahead than this, in ms, came from a clock that had jumped. */
const MAX_AHEAD_MS = 60_000;

/** The latest stored beat that is believed at `nowMs`. */
export function latestBelievableMs(nowMs: number): number {
  return nowMs + MAX_AHEAD_MS;
}

/** `sql` of drizzle, or `String.raw` for plain text. */
type Tag<Part, Whole> = (text: TemplateStringsArray, ...parts: Part[]) => Whole;

/**
 * The stored beat after a beat at `beatMs` came in: it never moves back, so that a late beat changes nothing. The one exception
 * is a stored beat from a clock that had jumped ahead: the next beat replaces it, or that hive would never be stale again.
 * `beatMs` may be NULL, which keeps what is stored.
 */
export function laterBeat<Part, Whole>(
  tag: Tag<Part, Whole>,
  { beatMs, storedMs, believableMs }: { beatMs: Part; storedMs: Part; believableMs: Part },
): Whole {
  return tag`CASE WHEN ${beatMs} > ${storedMs} OR ${storedMs} IS NULL OR (${storedMs} > ${believableMs} AND ${beatMs} IS NOT NULL) THEN ${beatMs} ELSE ${storedMs} END`;
}
