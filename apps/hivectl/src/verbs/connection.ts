import { type Connection, QueenProblem } from "@repo/queen-client";
import { duration } from "../output/times.ts";
import type { Session } from "../session.ts";

/** Says that the queen is away, to whoever waits for her events. */
export function tellConnection({ terminal }: Session, connection: Connection): void {
  if (connection.isOpen) return;
  const { why, retryMs } = connection;
  const said = why instanceof QueenProblem ? `${why.code}: ${why.detail}` : why.message;
  terminal.say(`the queen is away (${said}): again in ${duration(retryMs)}`);
}
