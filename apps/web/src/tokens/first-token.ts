import { type Action, onNoHive } from "../actions/actions.ts";

const MAX_NAMED = 12;

/** Asks first: it locks the queen for all of them. */
export function firstToken(refused: readonly string[], make: () => Promise<void>): Action {
  const more = refused.length > MAX_NAMED ? ` and ${refused.length - MAX_NAMED} more` : "";
  const named = `${refused.slice(0, MAX_NAMED).join(", ")}${more}`;
  return onNoHive(
    "Make a token",
    `The first token locks the queen: heartbeats that show none are refused from then on. These hives show none: ${named}. Give each a token of the role hive first.`,
    make,
  );
}
