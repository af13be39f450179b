import { inColumns } from "@repo/process-log/columns";
import { printable } from "@repo/process-log/printable";
import { QueenNoAnswer, QueenProblem } from "@repo/queen-client";
import { sentencesOf } from "../failure.ts";
import { indented } from "../output/blocks.ts";
import type { Session } from "../session.ts";
import { detailOf, hiveOf, isTold, type Told, UNASKED } from "./get-events.ts";
import { eventsUpToNow } from "./kept-events.ts";
import { canBeNamed } from "./one-hive.ts";

/** The last events of a hive that the queen still keeps. */
export interface LastEvents {
  readonly events: readonly Told[];
  /** How many of it are kept besides. */
  readonly before: number;
  /** From when on events are kept. */
  readonly sinceMs: number;
}

const SHOWN = 10;

/** Where they cannot be read, why. */
export async function lastEventsOf(session: Session, id: string): Promise<LastEvents | string> {
  try {
    return await read(session, id);
  } catch (error) {
    if (!(error instanceof QueenProblem || error instanceof QueenNoAnswer)) throw error;
    return sentencesOf(error, session.caller)[0] ?? error.message;
  }
}

async function read(session: Session, id: string): Promise<LastEvents> {
  const { started_at_ms } = await session.queen.getHealth(session.call);
  const events: Told[] = [];
  let before = 0;
  let sinceMs = started_at_ms;
  const ofIt = canBeNamed([id]) ? { hive: [id] } : {};
  for await (const event of eventsUpToNow(session, { ...ofIt, kind: UNASKED })) {
    if (event.type === "gap") sinceMs = (await firstKeptMs(session)) ?? started_at_ms;
    if (!isTold(event) || hiveOf(event) !== id) continue;
    events.push(event);
    if (events.length <= SHOWN) continue;
    events.shift();
    before += 1;
  }
  return { events, before, sinceMs };
}

/** When the oldest event happened that is still kept, of whichever hive. */
async function firstKeptMs(session: Session): Promise<number | undefined> {
  for await (const event of eventsUpToNow(session)) if (isTold(event)) return event.data.at_ms;
  return undefined;
}

export function eventsText(last: LastEvents | string, id: string, { times, terminal }: Session): string {
  if (typeof last === "string") return `Events: not known: ${last}`;
  const { events, before, sinceMs } = last;
  if (events.length === 0) return `Events: none since ${times.at(sinceMs)}; what happened before is not kept`;
  const lines = events.map((event) => [times.at(event.data.at_ms), event.type, detailOf(event)]);
  const more = before === 0 ? "" : `  … ${before} before these: ${terminal.command} get events ${printable(id)}\n`;
  return `Events, kept since ${times.at(sinceMs)}:\n${more}${indented(inColumns(lines))}`;
}
