import type { Action } from "../actions/actions.ts";
import { client } from "../state/api.ts";

const MAX_NAMED = 12;

/** Whose heartbeats an open queen takes, and a locked one refuses: of the tokens of these hives none is in use. */
export async function hivesToRefuse(): Promise<readonly string[]> {
  const showing = new Set<string | null>();
  for await (const { tokens } of client.value.tokenPages({ limit: 1000 })) {
    for (const { hive_id: id, revoked_at_ms: revoked, expires_at_ms: expires, last_used_at_ms: used } of tokens) {
      if (revoked === null && used !== null && (expires === null || expires > Date.now())) showing.add(id);
    }
  }
  const ids: string[] = [];
  for await (const { hives } of client.value.fleetPages({ status: "online", limit: 1000 })) {
    for (const { hive, status } of hives) {
      if (status.rule === "beats_arrive" && !showing.has(hive.id)) ids.push(hive.id);
    }
  }
  return ids;
}

/** Asks first: it locks the queen for all of them. */
export function firstToken(refused: readonly string[], make: () => Promise<void>): Action {
  const more = refused.length > MAX_NAMED ? ` and ${refused.length - MAX_NAMED} more` : "";
  const named = `${refused.slice(0, MAX_NAMED).join(", ")}${more}`;
  return {
    title: "Make a token",
    what: `The first token locks the queen: heartbeats that show none are refused from then on. These hives show none: ${named}. Give each a token of the role hive first.`,
    fields: [],
    async *run() {
      yield* [];
      await make();
    },
  };
}
