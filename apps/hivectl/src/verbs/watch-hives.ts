import { printable } from "@repo/process-log/printable";
import type { Schema } from "@repo/queen-client";
import { EXIT } from "../failure.ts";
import type { SaidLines } from "../output/changes.ts";
import type { Printer } from "../output/records.ts";
import type { Session } from "../session.ts";
import { tellConnection } from "./connection.ts";
import type { HiveRow } from "./hive-columns.ts";
import type { HiveFilter } from "./hive-filter.ts";
import { rowOf } from "./one-hive.ts";

interface Listed {
  readonly first: Schema<"FleetPage"> | undefined;
  readonly printer: Printer<HiveRow>;
  readonly said: SaidLines<HiveRow>;
}

/** The list, and then a line for each change of what shows until Ctrl-C. Where changes were missed, the list comes anew. */
export async function watchHives(session: Session, filter: HiveFilter, list: () => Promise<Listed>): Promise<number> {
  const { queen, signal, terminal } = session;
  const isFiltered = Object.keys(filter).length > 0;
  let { first, printer, said } = await list();
  for await (const event of queen.readEvents({
    after: first?.position,
    signal,
    onConnection: (one) => tellConnection(session, one),
  })) {
    if (event.type === "gap") {
      terminal.say(`changes were missed (${event.data.why}): the list anew`);
      ({ first, printer, said } = await list());
    } else if ("hive_id" in event.data) {
      const { hive_id, row } = event.data;
      // What the filter lets through is for the queen to say.
      const now = isFiltered || row === undefined ? await rowOf(session, hive_id, filter) : row;
      if (now) {
        const news = said.take(now);
        // Of a hive that the list did not come to, what its workers do is no change yet.
        if (news === "changed" || (news === "new" && event.type !== "workers")) await printer.print([now]);
      } else {
        said.forget(hive_id);
        if (event.type === "hive_removed") await sayRemoved(session, hive_id);
      }
    }
  }
  return EXIT.done;
}

async function sayRemoved({ format, terminal }: Session, id: string): Promise<void> {
  if (format === "jsonl") await terminal.write(`${printable(JSON.stringify({ hive_id: id, removed: true }))}\n`);
  else if (format !== "name") await terminal.write(`${printable(id)}  removed\n`);
}
