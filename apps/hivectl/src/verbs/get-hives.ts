import type { Query, Schema } from "@repo/queen-client";
import { InvalidArgumentError, Option } from "commander";
import { EXIT, UsageProblem } from "../failure.ts";
import type { CommonFlags, Session } from "../session.ts";
import { HIVES } from "./hive-columns.ts";
import { addFilterFlags, type FilterFlags, filterOf } from "./hive-filter.ts";
import { idsOf } from "./ids.ts";
import { rowOf } from "./one-hive.ts";
import type { AddVerb } from "./verb.ts";
import { watchHives } from "./watch-hives.ts";

interface Flags extends FilterFlags {
  readonly limit?: number;
  readonly all?: true;
  readonly watch?: true;
}

/** On a terminal, unless more are asked for: what scrolled by is not read. */
const SHOWN_TO_PEOPLE = 200;
const PAGE = 200;
/** Titles by which the queen puts hives in order. */
const ORDERS = { id: "id", status: "status", vram: "free_vram", load: "load", beat: "last_beat" } as const;

export const addGetHives: AddVerb = (parent, does) => {
  const command = parent
    .command("hives")
    .alias("hive")
    .description("Lists hives: all, those that are named, or those for which all holds that is asked.")
    .argument("[id...]", "of hives; - reads them from stdin");
  addFilterFlags(command)
    .addOption(new Option("--limit <number>", "so many at most").argParser(readCount))
    .option("--all", `every one; without it, a terminal shows ${SHOWN_TO_PEOPLE}`)
    .option("-w, --watch", "go on with a line for each change, until Ctrl-C")
    .addHelpText("after", "\nExample: pnpm -s hivectl get hives -l rack=r12 --gpu H100:80GB -o wide")
    .action(does<Flags>(getHives));
};

async function getHives(
  session: Session,
  { args, flags }: { args: readonly string[]; flags: Flags & CommonFlags },
): Promise<number> {
  const filter = filterOf(flags);
  if (args.length > 0) {
    if (Object.keys(filter).length > 0) throw new UsageProblem("name hives, or say what must hold for them: not both");
    return getNamed(session, await idsOf(session, args));
  }
  const list = () => listHives(session, { ...filter, ...orderOf(flags.sort) }, flags);
  if (!flags.watch) {
    await list();
    return EXIT.done;
  }
  if (session.format === "json" || session.format === "yaml") {
    throw new UsageProblem(
      `--watch never ends, and ${session.format} is one document: -o jsonl says a line for each change`,
    );
  }
  return watchHives(session, filter, list);
}

/** Prints the list page by page. Returns the first page, and the printer for what comes after. */
async function listHives(session: Session, query: Query<"listFleet">, { limit, all }: Flags) {
  const { terminal, queen, call } = session;
  const printer = session.printer(HIVES);
  let left = limit ?? (all || !terminal.isForPeople ? Infinity : SHOWN_TO_PEOPLE);
  let first: Schema<"FleetPage"> | undefined;
  let last: Schema<"FleetPage"> | undefined;
  const damaged: Schema<"FleetPage">["damaged"] = [];
  for await (const page of queen.fleetPages({ ...query, limit: Math.min(PAGE, left) }, call)) {
    first ??= page;
    last = page;
    damaged.push(...page.damaged);
    const shown = page.hives.slice(0, left);
    if (shown.length > 0) await printer.print(shown);
    left -= shown.length;
    if (left === 0) break;
  }
  const isMore = left === 0 && last?.next_after !== null;
  await printer.end({
    next_after: isMore ? last?.next_after : null,
    totals: first?.totals,
    position: first?.position,
    damaged,
  });
  for (const { id, column, problem } of damaged)
    terminal.say(`${id} is left out: its ${column} is damaged: ${problem}`);
  if (isMore && limit === undefined) terminal.say(`there are more than ${SHOWN_TO_PEOPLE}: --all shows every one`);
  if (first?.hives.length === 0 && last === first) terminal.say(noneText(first.totals));
  return { first, printer };
}

const noneText = ({ total }: Schema<"FleetTotals">): string =>
  total === 0 ? "there are no hives: `hivectl add` adds one" : `none of ${total} hives is as asked for`;

async function getNamed(session: Session, ids: readonly string[]): Promise<number> {
  const printer = session.printer(HIVES);
  let missing = 0;
  for (const id of ids) {
    const row = await rowOf(session, id, {});
    if (row !== undefined) await printer.print([row]);
    else {
      missing += 1;
      session.terminal.complain(`HIVE_NOT_FOUND: there is no hive ${JSON.stringify(id)}`);
    }
  }
  await printer.end();
  return missing === 0 ? EXIT.done : missing === ids.length ? EXIT.failed : EXIT.someFailed;
}

function orderOf(sort: string | undefined): Pick<Query<"listFleet">, "sort"> {
  if (sort === undefined) return {};
  const [, turned = "", title = ""] = /^(-?)(.*)$/.exec(sort.toLowerCase()) ?? [];
  const isTitle = (name: string): name is keyof typeof ORDERS => Object.hasOwn(ORDERS, name);
  if (!isTitle(title)) throw new UsageProblem(`--sort must be one of ${Object.keys(ORDERS).join(", ")}, not ${sort}`);
  return { sort: turned === "" ? ORDERS[title] : `-${ORDERS[title]}` };
}

function readCount(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a whole number from 1 on.");
}
