import { type EventQuery, type QueenEvent, QueenProblem } from "@repo/queen-client";
import type { Session } from "../session.ts";
import { followEvents, untilAnswered } from "./connection.ts";

export interface Awaited {
  /** Which events may change what is left. */
  readonly events: Pick<EventQuery, "hive" | "kind">;
  /** Looks how it is, after an event or, without one, anew. */
  look(event?: QueenEvent): Promise<"met" | "impossible" | undefined>;
  /** What is still missing, and why. */
  left(): readonly string[];
}

/** Of what could not be looked at. */
export const NO_ANSWER = "the queen does not answer";

/** Follows the queen's events, also over a restart of hers, and once she is there, until it is met or cannot be any more; undefined when the signal comes first. */
export async function follow(session: Session, awaited: Awaited, signal: AbortSignal) {
  try {
    // Before the first look: what happens meanwhile is an event then.
    const { position } = await untilAnswered(session, signal, () => session.queen.listFleet({ limit: 1 }, { signal }));
    let outcome = await untilAnswered(session, signal, () => awaited.look());
    while (outcome === undefined && !signal.aborted) {
      outcome = await followFrom(position, session, awaited, signal).catch(async (error: unknown) => {
        // Of a hive that was removed while the queen was away she tells nothing.
        if (!namesHive(error)) throw error;
        return await untilAnswered(session, signal, () => awaited.look());
      });
    }
    return outcome;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return undefined;
}

async function followFrom(after: string, session: Session, awaited: Awaited, signal: AbortSignal) {
  for await (const event of followEvents(session, { ...awaited.events, after, signal })) {
    if (event.type === "hello") continue;
    const news = event.type === "gap" ? undefined : event;
    const outcome = await untilAnswered(session, signal, () => awaited.look(news));
    if (outcome !== undefined) return outcome;
  }
  return undefined;
}

const namesHive = (error: unknown): boolean =>
  error instanceof QueenProblem && error.errors?.some(({ field }) => field === "hive") === true;
