import { printable } from "@repo/process-log/printable";
import { type EventQuery, isUpTo, type QueenEvent } from "@repo/queen-client";
import { EXIT } from "../failure.ts";
import type { Session } from "../session.ts";
import { followEvents, untilAnswered } from "./connection.ts";

interface Watched<Listed> {
  /** Which events may change what is in the list; all without it. */
  readonly events?: Pick<EventQuery, "kind">;
  list(): Promise<Listed>;
  tell(listed: Listed, event: Exclude<QueenEvent, { type: "gap" }>): Promise<void>;
}

/** The list, and then what is to be told of each event after its position until Ctrl-C. Where events were missed, the list comes anew. */
export async function watchList<Listed extends { readonly position: string | undefined }>(
  session: Session,
  { events, list, tell }: Watched<Listed>,
): Promise<number> {
  const { signal, terminal } = session;
  let listed = await list();
  const { position: after } = listed;
  try {
    for await (const event of followEvents(session, { ...events, after, signal })) {
      if (event.type === "gap") {
        terminal.say(`changes were missed (${event.data.why}): the list anew`);
        listed = await untilAnswered(session, signal, list);
        // She goes on with all that she has kept since her start, which that list has.
      } else if (!isUpTo(event.id, listed.position)) await tell(listed, event);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return EXIT.done;
}

/** Why a record is no longer in the list, in words and as data. */
export const REMOVED = { words: "removed", mark: { removed: true } } as const;
export const LEFT = { words: "no longer as asked for", mark: { left: true } } as const;

/** Says so of the record with that id, which stands under `field` in data. */
export async function sayGone(
  { format, terminal }: Session,
  { field, id }: { field: "hive_id" | "id"; id: string },
  { words, mark }: typeof REMOVED | typeof LEFT,
): Promise<void> {
  if (format === "jsonl") await terminal.write(`${printable(JSON.stringify({ [field]: id, ...mark }))}\n`);
  else if (format !== "name") await terminal.write(`${printable(id)}  ${words}\n`);
}
