import type { QueenClient } from "./client.ts";
import type { Call } from "./requests.ts";

type When = { readonly nowMs: number };

/** The ids of the hives that have a token in force; with `isUsed`, one that was shown already: one that nobody took to its hive keeps it out as well as none. */
export async function hivesWithToken(
  queen: QueenClient,
  { nowMs, isUsed = false }: When & { readonly isUsed?: boolean },
  call?: Call,
): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  for await (const { tokens } of queen.tokenPages({ limit: 1000 }, call)) {
    for (const { hive_id, revoked_at_ms, expires_at_ms, last_used_at_ms } of tokens) {
      const isInForce = revoked_at_ms === null && (expires_at_ms === null || expires_at_ms > nowMs);
      if (hive_id !== null && isInForce && (last_used_at_ms !== null || !isUsed)) ids.add(hive_id);
    }
  }
  return ids;
}

/** The ids of the hives whose heartbeats an open queen takes, and a locked one refuses: they show no token of their own. */
export async function hivesToLockOut(queen: QueenClient, { nowMs }: When, call?: Call): Promise<string[]> {
  const showing = await hivesWithToken(queen, { nowMs, isUsed: true }, call);
  const ids: string[] = [];
  for await (const { hives } of queen.fleetPages({ status: "online", limit: 1000 }, call)) {
    for (const { hive, status } of hives) {
      if (status.rule === "beats_arrive" && !showing.has(hive.id)) ids.push(hive.id);
    }
  }
  return ids;
}
