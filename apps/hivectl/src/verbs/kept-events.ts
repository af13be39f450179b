import type { QueenEvent, Query } from "@repo/queen-client";
import type { Session } from "../session.ts";
import { tellConnection } from "./connection.ts";
import { firstOf, numberOf } from "./places.ts";

/** Which events the queen is to send. */
type Filter = Pick<Query<"readEvents">, "hive" | "kind">;

interface How {
  /** All, unless it says which. */
  readonly filter?: Filter;
  /** Ends them. */
  readonly signal?: AbortSignal;
  readonly onPlace?: (id: string) => void;
  /** Whether a connection that breaks ends them, and is not made anew. */
  readonly endsWhenLost?: boolean;
}

/** What is still kept after that event, or since the start of the queen, up to now. */
export async function* keptEvents(session: Session, after?: string, filter: Filter = {}): AsyncGenerator<QueenEvent> {
  const position = await positionOf(session);
  const first = after ?? firstOf(position);
  if (first === position || numberOf(position) === 0) return;
  const end = new AbortController();
  const onPlace = (id: string) => {
    if (numberOf(id) >= numberOf(position) || firstOf(id) !== firstOf(position)) end.abort();
  };
  yield* eventsAfter(session, first, { filter, signal: end.signal, onPlace, endsWhenLost: true });
}

/** What has happened after that event, or since the start of the queen, and what happens. */
export async function* eventsSince(session: Session, after?: string): AsyncGenerator<QueenEvent> {
  yield* eventsAfter(session, after ?? firstOf(await positionOf(session)));
}

async function* eventsAfter(
  session: Session,
  after: string,
  { filter = {}, signal = session.signal, onPlace, endsWhenLost = false }: How = {},
): AsyncGenerator<QueenEvent> {
  const lost = new AbortController();
  yield* session.queen.readEvents({
    ...filter,
    after,
    signal: AbortSignal.any([session.signal, signal, lost.signal]),
    onPlace,
    onConnection: (connection) => {
      if (connection.isOpen) return;
      if (endsWhenLost) lost.abort(connection.why);
      else tellConnection(session, connection);
    },
  });
  if (lost.signal.aborted) throw lost.signal.reason;
}

const positionOf = async ({ queen, call }: Session): Promise<string> =>
  (await queen.listFleet({ limit: 1 }, call)).position;
