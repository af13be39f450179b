import type { HiveStatus } from "@repo/hive-catalog";

/**
 * What the last probe of a hive showed: `pending` before the first one, `refused` when the queen may not contact that host.
 */
export type ProbeOutcome = "pending" | "answered" | "failed" | "refused";

/** All that is known when a hive is judged. */
export interface Evidence {
  /** The status that the catalog holds. */
  readonly status: HiveStatus;
  /** Time since the last beat by the monotonic clock; undefined when the hive never beat. */
  readonly beatAgeMs: number | undefined;
  readonly probe: ProbeOutcome;
  /** Time since this queen began to listen for beats. */
  readonly listeningMs: number;
}

export interface Verdict {
  readonly status: HiveStatus;
  readonly why: string;
}

/** A hive is online while its last beat is fresh or its last probe succeeded, and offline when neither holds. */
export function judge({ status, beatAgeMs, probe, listeningMs }: Evidence, staleAfterMs: number): Verdict {
  if (beatAgeMs !== undefined && beatAgeMs < staleAfterMs) return { status: "online", why: "its heartbeats arrive" };
  if (probe === "answered") return { status: "online", why: "it answers health checks" };
  if (probe === "pending") return { status, why: "it was not probed yet" };

  const mayHaveBeat = beatAgeMs !== undefined && listeningMs < staleAfterMs;
  if (status === "online" && mayHaveBeat) return { status, why: "it could not beat while the queen was away" };

  const everSeen = status !== "unknown" || beatAgeMs !== undefined;
  if (!everSeen) return { status: "unknown", why: "it was never seen" };
  const silence = beatAgeMs === undefined ? "it never beat" : `its last heartbeat is ${Math.round(beatAgeMs)} ms old`;
  const reach = probe === "failed" ? "its last health check failed" : "the queen may not contact its host";
  return { status: "offline", why: `${silence} and ${reach}` };
}
