import { type Connection, firstPlaceOf, keptEvents, type QueenEvent, type Query } from "@repo/queen-client";
import type { Session } from "../session.ts";
import { followEvents } from "./connection.ts";

type Filter = Pick<Query<"readEvents">, "hive" | "kind">;

/** The queen says something every 2 s: where no more comes, something before her holds it back. */
const SILENCE_MS = 10_000;

/** What is still kept after that event, or since the start of the queen, up to now. Throws where the connection is lost before, or says nothing. */
export const eventsUpToNow = (session: Session, filter: Filter = {}, after?: string): AsyncGenerator<QueenEvent> =>
  keptEvents(
    session.queen,
    { ...filter, after, signal: session.signal, silenceMs: session.timeoutMs(SILENCE_MS), onConnection: refuseLoss },
    session.call,
  );

function refuseLoss(connection: Connection): void {
  if (!connection.isOpen) throw connection.why;
}

/** What has happened after that event, or since the start of the queen, and what happens. */
export async function* eventsSince(session: Session, filter: Filter, after?: string): AsyncGenerator<QueenEvent> {
  const { queen, call, signal } = session;
  const first = after ?? firstPlaceOf((await queen.listFleet({ limit: 1 }, call)).position);
  yield* followEvents(session, { ...filter, after: first, signal });
}
