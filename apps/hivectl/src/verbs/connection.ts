import { setTimeout } from "node:timers/promises";
import { type Connection, type EventQuery, mayPass, QueenProblem } from "@repo/queen-client";
import { duration } from "../output/times.ts";
import type { Session } from "../session.ts";

const RETRY_MS = 1000;

/** Says that the queen is away, to whoever waits for her events. */
function tellConnection({ terminal }: Session, connection: Connection): void {
  if (connection.isOpen) return;
  const { why, retryMs } = connection;
  const said = why instanceof QueenProblem ? `${why.code}: ${why.detail}` : why.message;
  terminal.say(`the queen is away (${said}): again in ${duration(retryMs)}`);
}

/** Her events, for as long as the signal is not given. */
export const followEvents = (session: Session, query: EventQuery) =>
  session.queen.readEvents({ ...query, onConnection: (connection) => tellConnection(session, connection) });

/** Asks until the queen answers: for whoever follows her events, who waits for her in any case. */
export async function untilAnswered<T>(session: Session, signal: AbortSignal, asked: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await asked();
    } catch (error) {
      if (signal.aborted || !mayPass(error)) throw error;
      const retryMs = Math.max(RETRY_MS, error.retryAfterMs ?? 0);
      tellConnection(session, { isOpen: false, why: error, retryMs });
      await setTimeout(retryMs, undefined, { signal });
    }
  }
}
