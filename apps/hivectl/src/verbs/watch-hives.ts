import type { EventQuery, QueenEvent } from "@repo/queen-client";
import type { SaidLines } from "../output/changes.ts";
import type { Printer } from "../output/records.ts";
import type { Session } from "../session.ts";
import { untilAnswered } from "./connection.ts";
import type { HiveRow } from "./hive-columns.ts";
import type { HiveFilter } from "./hive-filter.ts";
import { rowsOf } from "./one-hive.ts";
import { LEFT, REMOVED, sayGone, watchList } from "./watch-list.ts";

interface Listed {
  readonly position: string | undefined;
  readonly printer: Printer<HiveRow>;
  readonly said: SaidLines<HiveRow>;
}

/** What may change a row. */
const EVENTS = {
  kind: ["status", "cordon", "hive_added", "hive_changed", "workers", "hive_removed"],
} satisfies Pick<EventQuery, "kind">;

/** The list, and then a line for each change of what shows. */
export const watchHives = (session: Session, filter: HiveFilter, list: () => Promise<Listed>): Promise<number> =>
  watchList(session, {
    events: EVENTS,
    list,
    tell: (listed, event) => tell(session, filter, listed, event),
  });

async function tell(session: Session, filter: HiveFilter, { printer, said }: Listed, event: QueenEvent): Promise<void> {
  if (!("hive_id" in event.data)) return;
  const { hive_id, row } = event.data;
  const isFiltered = Object.keys(filter).length > 0;
  // What the filter lets through is for the queen to say.
  const look = async () => {
    for await (const [found] of rowsOf(session, [hive_id], filter)) return found?.[1];
    return undefined;
  };
  const now = isFiltered || row === undefined ? await untilAnswered(session, session.signal, look) : row;
  if (now) {
    const news = said.take(now);
    // Of a hive that the list did not come to, what its workers do is no change yet. A record shows more than a line of the table, such as why it is cordoned.
    const isTold = news === "new" || session.format === "jsonl";
    if (news === "changed" || (isTold && event.type !== "workers")) await printer.print([now]);
    return;
  }
  const wasShown = said.forget(hive_id);
  const isRemoved = event.type === "hive_removed";
  const gone = { field: "hive_id", id: hive_id } as const;
  if (isFiltered ? wasShown : isRemoved) await sayGone(session, gone, isRemoved ? REMOVED : LEFT);
}
