import { type SQL, sql } from "drizzle-orm";
import { hives } from "../schema.ts";
import type { Given } from "../sql/statement.ts";

/** A stored beat further ahead than this, in ms, came from a clock that had jumped. */
const MAX_AHEAD_MS = 60_000;

/** The latest stored beat that is believed at `nowMs`. */
export function latestBelievableMs(nowMs: number): number {
  return nowMs + MAX_AHEAD_MS;
}

/**
 * The stored beat after a beat at `beatMs` came in: it never moves back, so that a late beat changes nothing. The one exception
 * is a stored beat from a clock that had jumped ahead: the next beat replaces it, or that hive would never be stale again.
 * `beatMs` may be NULL, which keeps what is stored.
 */
export function laterThanStored(beatMs: SQL, { believableMs }: Given<{ believableMs: number }>): SQL<number> {
  const storedMs = hives.lastHeartbeatMs;
  return sql`CASE WHEN ${beatMs} > ${storedMs} OR ${storedMs} IS NULL OR (${storedMs} > ${believableMs} AND ${beatMs} IS NOT NULL) THEN ${beatMs} ELSE ${storedMs} END`;
}

/** The same for two beats of which none is stored yet. */
export function laterOf({
  beatMs,
  storedMs,
  believableMs,
}: Record<"beatMs" | "storedMs" | "believableMs", number>): number {
  return beatMs > storedMs || storedMs > believableMs ? beatMs : storedMs;
}
