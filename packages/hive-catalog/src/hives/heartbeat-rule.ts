import { type SQL, type SQLWrapper, sql } from "drizzle-orm";

/** A stored beat further ahead than this, in ms, came from a clock that had jumped. */
const MAX_AHEAD_MS = 60_000;

/** The latest stored beat that is believed at `nowMs`. */
export function latestBelievableMs(nowMs: number): number {
  return nowMs + MAX_AHEAD_MS;
}

type Beats<Ms> = { beatMs: Ms; storedMs: Ms; believableMs: Ms };

/**
 * The stored beat after a beat at `beatMs` came in: it never moves back, so that a late beat changes nothing. The one exception
 * is a stored beat from a clock that had jumped ahead: the next beat replaces it, or that hive would never be stale again.
 * `beatMs` may be NULL, which keeps what is stored.
 */
export function laterBeat({ beatMs, storedMs, believableMs }: Beats<SQLWrapper>): SQL<number> {
  return sql`CASE WHEN ${beatMs} > ${storedMs} OR ${storedMs} IS NULL OR (${storedMs} > ${believableMs} AND ${beatMs} IS NOT NULL) THEN ${beatMs} ELSE ${storedMs} END`;
}

/** The same for two beats of which none is stored yet. */
export function laterOf({ beatMs, storedMs, believableMs }: Beats<number>): number {
  return beatMs > storedMs || storedMs > believableMs ? beatMs : storedMs;
}
