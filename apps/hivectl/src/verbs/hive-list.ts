import { setTimeout } from "node:timers/promises";
import { mayPass, type Query, type Schema } from "@repo/queen-client";
import { type Command, InvalidArgumentError, Option } from "commander";
import { EXIT, nextFor, sentencesOf, UsageProblem } from "../failure.ts";
import { type Kind, type Sorter, sorterOf, withRoom } from "../output/records.ts";
import type { Session } from "../session.ts";
import { type HiveRow, STATUS } from "./hive-columns.ts";
import { addFilterFlags, type FilterFlags, filterOf, type HiveFilter, hintOf } from "./hive-filter.ts";
import { idsOf } from "./ids.ts";
import { noSuchHive, rowsOf } from "./one-hive.ts";
import { exitCodeOf } from "./outcome.ts";
import { refuseDocuments } from "./small-list.ts";
import type { Call } from "./verb.ts";
import { watchHives } from "./watch-hives.ts";

export interface ListFlags extends FilterFlags {
  readonly limit?: number;
  readonly all?: true;
  readonly watch?: true;
}

/** On a terminal, unless more are asked for: what scrolled by is not read. */
export const SHOWN_TO_PEOPLE = 200;
const PAGE = 200;
const REDRAW_EVERY_MS = 2000;
/** The titles, what is said of columns without room and of more hives, and where the cursor waits. */
const BELOW = 4;
/** Of those that are not rare: it moves no column when it comes. */
const LONG_STATUS = "online,unreachable";
/** Titles by which the queen puts hives in order. */
const ORDERS = { id: "id", status: "status", vram: "free_vram", load: "load", beat: "last_beat" } as const;

interface HiveListing {
  readonly kind: Kind<HiveRow>;
  /** Unless `--sort` says another order. */
  readonly sort?: string;
  /** Whether a watch on a terminal shows the list anew, instead of a line for each change: where the order says most. */
  readonly redraws?: boolean;
}

export const addListFlags = (command: Command): Command =>
  addFilterFlags(command.argument("[id...]", "of hives; - reads them from stdin"))
    .addOption(new Option("--limit <number>", "so many at most").argParser(readCount))
    .option("--all", `every one; without it, a terminal shows ${SHOWN_TO_PEOPLE}`)
    .option("-w, --watch", "go on with a line for each change of what shows, until Ctrl-C; heartbeats alone are none");

/** Prints those that are named, or those for which all holds that is asked, and goes on with what changes where that is asked for. */
export async function listHives(
  session: Session,
  { args, flags }: Call<ListFlags>,
  listing: HiveListing,
): Promise<number> {
  const filter = filterOf(flags);
  const isNamed = args.length > 0;
  if (isNamed && Object.keys(filter).length > 0) {
    throw new UsageProblem("name hives, or say what must hold for them: not both");
  }
  if (flags.watch) refuseDocuments(session);
  const kind = flags.watch ? withRoom(listing.kind, STATUS.title, [LONG_STATUS]) : listing.kind;
  const sort = flags.sort ?? listing.sort;
  const order = orderOf(kind, sort);
  const ids = isNamed ? await idsOf(session, args) : [];
  const named = () => printNamed(session, listing, { ids, sort });
  const isRedrawn = flags.watch && listing.redraws && session.format === "table" && session.terminal.isForPeople;
  const isWatch = flags.watch === true && !isRedrawn;
  const list = (room?: number) => printPages(session, kind, { filter, order, isWatch, flags, room });
  if (isRedrawn) {
    return redraw(session, isNamed ? named : () => list(Math.max(1, session.terminal.height - BELOW)));
  }
  if (isNamed) {
    if (!flags.watch) return named();
    throw new UsageProblem(
      "--watch is for lists: `hivectl get events -w ID` tells what happens to those that are named",
    );
  }
  if (flags.watch) return watchHives(session, filter, () => list());
  await list();
  return EXIT.done;
}

/** A list anew every few seconds, in place of itself, until Ctrl-C. A queen who is away for a while does not end it. */
async function redraw(session: Session, list: () => Promise<unknown>): Promise<number> {
  const { terminal, signal } = session;
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    await terminal.clear();
    try {
      await list();
    } catch (error) {
      if (!signal.aborted && (isFirst || !mayPass(error))) throw error;
      if (!signal.aborted) for (const sentence of sentencesOf(error, session.caller)) terminal.complain(sentence);
    }
    await setTimeout(REDRAW_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
  return EXIT.done;
}

interface Shown {
  readonly filter: HiveFilter;
  readonly order: Order;
  /** Whether a line for each change goes on below. */
  readonly isWatch: boolean;
  readonly flags: ListFlags;
  /** Where the list must not be longer than the terminal: its lines. */
  readonly room?: number | undefined;
}

/** Prints the list page by page. Returns its position, the printer for what comes after, and what it need not say again. */
async function printPages(session: Session, kind: Kind<HiveRow>, { filter, order, isWatch, flags, room }: Shown) {
  const { limit, all } = flags;
  const { terminal } = session;
  const printer = session.printer(kind, { isWatch });
  const said = session.linesSaid(kind);
  const most = limit ?? room ?? (all || !terminal.isForPeople ? Infinity : SHOWN_TO_PEOPLE);
  let left = most;
  let first: Schema<"FleetPage"> | undefined;
  let last: Schema<"FleetPage"> | undefined;
  const damaged: Schema<"FleetPage">["damaged"] = [];
  let isCut = false;
  for await (const page of pagesOf(session, { filter, order, limit: Math.min(PAGE, left) })) {
    first ??= page;
    last = page;
    damaged.push(...page.damaged);
    const shown = page.hives.slice(0, left);
    if (shown.length > 0) await printer.print(shown);
    if (isWatch) for (const row of shown) said.take(row);
    left -= shown.length;
    isCut = shown.length < page.hives.length;
    if (left === 0) break;
  }
  const isMore = isCut || (left === 0 && last?.next_after !== null);
  await printer.end({
    next_after: isMore ? last?.next_after : null,
    totals: first?.totals,
    position: first?.position,
    damaged,
  });
  for (const { id, column, problem } of damaged)
    terminal.say(`${id} is left out: its ${column} is damaged: ${problem}`);
  if (isMore && limit === undefined) {
    const which = room === undefined ? "--all shows every one" : "a higher terminal shows more";
    terminal.say(`there are more than ${most}: ${which}`);
  }
  if (first?.hives.length === 0 && last === first) terminal.say(noneText(first.totals, flags));
  return { position: first?.position, printer, said };
}

/** In an order of the queen's page by page, as they are read; in another one as a whole. */
async function* pagesOf(
  { queen, call }: Session,
  { filter, order, limit }: { filter: HiveFilter; order: Order; limit: number },
): AsyncGenerator<Schema<"FleetPage">> {
  if (typeof order !== "function") return yield* queen.fleetPages({ ...filter, ...order, limit }, call);
  const pages: Schema<"FleetPage">[] = [];
  for await (const page of queen.fleetPages({ ...filter, limit: PAGE }, call)) pages.push(page);
  const [first] = pages;
  if (first === undefined) return;
  const hives = pages.flatMap((page) => page.hives);
  const damaged = pages.flatMap((page) => page.damaged);
  yield { ...first, hives: [...order(hives)], damaged, next_after: null };
}

const noneText = ({ total }: Schema<"FleetTotals">, flags: ListFlags): string =>
  total === 0
    ? "there are no hives: `hivectl add` adds one"
    : `none of ${total} ${total === 1 ? "hive" : "hives"} is as asked for${hintOf(flags)}`;

async function printNamed(
  session: Session,
  { kind }: HiveListing,
  { ids, sort }: { ids: readonly string[]; sort: string | undefined },
): Promise<number> {
  const printer = session.printer(kind);
  const inOrder = sorterOf(kind, sort);
  const rows: HiveRow[] = [];
  const missing: string[] = [];
  for await (const batch of rowsOf(session, ids, {})) {
    const there = batch.flatMap(([, row]) => row ?? []);
    if (sort !== undefined) rows.push(...there);
    else if (there.length > 0) await printer.print(there);
    missing.push(...batch.flatMap(([id, row]) => (row === undefined ? [id] : [])));
  }
  if (rows.length > 0) await printer.print(inOrder(rows));
  await printer.end();
  for (const id of missing) session.terminal.complain(noSuchHive(id));
  const [only, ...others] = missing;
  if (only !== undefined) {
    const next = nextFor("HIVE_NOT_FOUND", others.length === 0 ? only : undefined);
    for (const sentence of next) session.terminal.complain(sentence);
  }
  return exitCodeOf(ids.length, ids.length - missing.length);
}

/** As the queen puts them in order; or else how it is done here. */
type Order = Pick<Query<"listFleet">, "sort"> | Sorter<HiveRow>;

function orderOf(kind: Kind<HiveRow>, sort: string | undefined): Order {
  if (sort === undefined) return {};
  const [, turned = "", title = ""] = /^(-?)(.*)$/.exec(sort.toLowerCase()) ?? [];
  const isTitle = (name: string): name is keyof typeof ORDERS => Object.hasOwn(ORDERS, name);
  if (isTitle(title)) return { sort: turned === "" ? ORDERS[title] : `-${ORDERS[title]}` };
  return sorterOf(kind, sort);
}

export function readCount(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a whole number from 1 on.");
}
