import type { QueenEvent, Query } from "@repo/queen-client";
import type { Session } from "../session.ts";
import { followEvents } from "./connection.ts";
import { firstOf, numberOf } from "./places.ts";

type Filter = Pick<Query<"readEvents">, "hive" | "kind">;

/** The queen says something every 2 s: where no more comes, something before her holds it back. */
const SILENCE_MS = 10_000;
const ALL_READ = "all was read";

/** What is still kept after that event, or since the start of the queen, up to now. Throws where the connection is lost before, or says nothing. */
export async function* keptEvents(session: Session, filter: Filter = {}, after?: string): AsyncGenerator<QueenEvent> {
  const position = await positionOf(session);
  const first = after ?? firstOf(position);
  if (first === position || numberOf(position) === 0) return;
  const end = new AbortController();
  yield* session.queen.readEvents({
    ...filter,
    after: first,
    signal: AbortSignal.any([session.signal, end.signal]),
    silenceMs: session.timeoutMs(SILENCE_MS),
    onPlace: (id) => {
      if (numberOf(id) >= numberOf(position) || firstOf(id) !== firstOf(position)) end.abort(ALL_READ);
    },
    onConnection: (connection) => {
      if (!connection.isOpen) end.abort(connection.why);
    },
  });
  if (end.signal.aborted && end.signal.reason !== ALL_READ) throw end.signal.reason;
}

/** What has happened after that event, or since the start of the queen, and what happens. */
export async function* eventsSince(session: Session, filter: Filter, after?: string): AsyncGenerator<QueenEvent> {
  const first = after ?? firstOf(await positionOf(session));
  yield* followEvents(session, { ...filter, after: first, signal: session.signal });
}

const positionOf = async ({ queen, call }: Session): Promise<string> =>
  (await queen.listFleet({ limit: 1 }, call)).position;
