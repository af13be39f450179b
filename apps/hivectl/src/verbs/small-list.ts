import type { Command } from "commander";
import { UsageProblem } from "../failure.ts";
import type { SaidLines } from "../output/changes.ts";
import { examples } from "../output/help-lines.ts";
import { type Kind, type Printer, sorterOf } from "../output/records.ts";
import type { Session } from "../session.ts";
import { showing } from "./shown-columns.ts";
import type { Does } from "./verb.ts";

interface Around<R> {
  /** What is said where there are none. */
  readonly none: string;
  /** What stands beside the list in the queen's answer. */
  readonly beside?: object;
  readonly limit?: number;
  /** Where more is printed after it. */
  readonly printer?: Printer<R>;
  /** Is told of each record that is printed. */
  readonly said?: SaidLines<R>;
}

/** Prints a list page by page, or, in the order of a column, once it is whole. */
export async function printList<R>(
  session: Session,
  kind: Kind<R>,
  pages: AsyncIterable<readonly R[]> | Iterable<readonly R[]>,
  { none, beside, limit = Infinity, printer = session.printer(kind), said }: Around<R>,
): Promise<void> {
  const { sort } = session.flags;
  const inOrder = sorterOf(kind, sort);
  const kept: R[] = [];
  let left = limit;
  let isEmpty = true;
  for await (const page of pages) {
    const shown = page.slice(0, left);
    if (sort !== undefined) kept.push(...shown);
    else if (shown.length > 0) await printer.print(shown);
    for (const record of shown) said?.take(record);
    left -= shown.length;
    isEmpty &&= shown.length === 0;
    if (left === 0) break;
  }
  if (kept.length > 0) await printer.print(inOrder(kept));
  await printer.end(beside);
  if (isEmpty) session.terminal.say(none);
}

/** As many as one request answers at most. */
const PAGE = { limit: 1000 };

interface Listing<R, Page> extends Pick<Around<R>, "none"> {
  readonly says: string;
  readonly example: string;
  readonly pages: (session: Session, query: typeof PAGE) => AsyncIterable<Page>;
  readonly listOf: (page: Page) => readonly R[];
}

/** Adds the verb that lists all there are of a kind, whose name it has. */
export function addList<R, Page>(
  parent: Command,
  does: Does,
  kind: Kind<R>,
  { says, example, pages, listOf, none }: Listing<R, Page>,
): void {
  const lists = async function* (session: Session) {
    for await (const page of pages(session, PAGE)) yield listOf(page);
  };
  showing(parent.command(kind.name), kind)
    .alias(kind.name.replace(/s$/, ""))
    .description(says)
    .addHelpText("after", examples([`pnpm -s hivectl ${example}`]))
    .action(does((session) => printList(session, kind, lists(session), { none, beside: { next_after: null } })));
}

/** Of what has no name, nothing would be left for the next program. */
export function refuseNames({ format }: Session): void {
  if (format === "name")
    throw new UsageProblem("there is no name to show here: -o name is for lists, and for what is one of a list");
}

/** What never ends is no document. */
export function refuseDocuments({ format }: Session): void {
  if (format !== "json" && format !== "yaml") return;
  throw new UsageProblem(`--watch never ends, and ${format} is one document: -o jsonl says a line for each change`);
}
