import { printable } from "@repo/process-log/printable";
import type { QueenEvent, Schema } from "@repo/queen-client";
import { EXIT } from "../failure.ts";
import type { SaidLines } from "../output/changes.ts";
import type { Printer } from "../output/records.ts";
import type { Session } from "../session.ts";
import { tellConnection, untilAnswered } from "./connection.ts";
import type { HiveRow } from "./hive-columns.ts";
import type { HiveFilter } from "./hive-filter.ts";
import { rowOf } from "./one-hive.ts";

interface Listed {
  readonly first: Schema<"FleetPage"> | undefined;
  readonly printer: Printer<HiveRow>;
  readonly said: SaidLines<HiveRow>;
}

/** Why a hive is no longer in the list, in words and as data. */
const REMOVED = { words: "removed", mark: { removed: true } } as const;
const LEFT = { words: "no longer as asked for", mark: { left: true } } as const;

/** The list, and then a line for each change of what shows until Ctrl-C. Where changes were missed, the list comes anew. */
export async function watchHives(session: Session, filter: HiveFilter, list: () => Promise<Listed>): Promise<number> {
  const { queen, signal, terminal } = session;
  let listed = await list();
  const events = queen.readEvents({
    after: listed.first?.position,
    signal,
    onConnection: (one) => tellConnection(session, one),
  });
  try {
    for await (const event of events) {
      if (event.type === "gap") {
        terminal.say(`changes were missed (${event.data.why}): the list anew`);
        listed = await untilAnswered(session, signal, list);
      } else await tell(session, filter, listed, event);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return EXIT.done;
}

async function tell(session: Session, filter: HiveFilter, { printer, said }: Listed, event: QueenEvent): Promise<void> {
  if (!("hive_id" in event.data)) return;
  const { hive_id, row } = event.data;
  const isFiltered = Object.keys(filter).length > 0;
  // What the filter lets through is for the queen to say.
  const look = () => rowOf(session, hive_id, filter);
  const now = isFiltered || row === undefined ? await untilAnswered(session, session.signal, look) : row;
  if (now) {
    const news = said.take(now);
    // Of a hive that the list did not come to, what its workers do is no change yet.
    if (news === "changed" || (news === "new" && event.type !== "workers")) await printer.print([now]);
    return;
  }
  const wasShown = said.forget(hive_id);
  const isRemoved = event.type === "hive_removed";
  if (isFiltered ? wasShown : isRemoved) await sayGone(session, hive_id, isRemoved ? REMOVED : LEFT);
}

async function sayGone({ format, terminal }: Session, id: string, { words, mark }: typeof REMOVED | typeof LEFT) {
  if (format === "jsonl") await terminal.write(`${printable(JSON.stringify({ hive_id: id, ...mark }))}\n`);
  else if (format !== "name") await terminal.write(`${printable(id)}  ${words}\n`);
}
