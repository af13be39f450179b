import { inColumns } from "@repo/process-log/columns";
import type { Body, Query } from "@repo/queen-client";
import { type Command, InvalidArgumentError, Option } from "commander";
import { EXIT, UsageProblem } from "../failure.ts";
import { wrapped } from "../output/wrapped.ts";
import type { CommonFlags, Session } from "../session.ts";
import { beforeAnything } from "./before-anything.ts";
import { type ActionOnHive, BulkReport, OUTCOMES } from "./bulk-report.ts";
import {
  addFilterFlags,
  type FilterFlags,
  filterOf,
  type HiveFilter,
  hintOf,
  refuseEmptySelector,
} from "./hive-filter.ts";
import { idsOf, idsThatAre } from "./ids.ts";
import { endByError } from "./outcome.ts";
import { showing } from "./shown-columns.ts";
import { wholeAnswer } from "./whole-answer.ts";

type Action = Body<"actOnHives">;
/** What is done, without to which hives. */
type Deed = Action extends infer One ? (One extends Action ? Omit<One, Choice> : never) : never;
type Choice = keyof ChoiceFilter | "ids" | "text" | "after" | "limit";
/** To which ones. */
type Chosen = { readonly ids: readonly string[] } | ChoiceFilter;
/** Who is meant by the others, the queen says in her list alone. */
type ChoiceFilter = Omit<HiveFilter, "model" | "on_probation" | "unreachable" | "not_beating">;

export interface BulkFlags extends FilterFlags {
  readonly all?: true;
  readonly parallel?: number;
}

interface Bulk {
  /** As it stands in a question: `Cordon`. */
  readonly title: string;
  readonly deed: Deed;
  /** Asks for what the deed lacks, once it is known to which hives it is done. */
  readonly complete?: () => Promise<Deed>;
  readonly wait?: boolean;
  /** Nothing is asked before it. */
  readonly isHarmless?: boolean;
  /** Also of one hive the number is asked for. */
  readonly isGrave?: boolean;
  /** Looks at what would be done, and may make a failure of it. */
  readonly review?: (planned: readonly ActionOnHive[]) => Promise<readonly ActionOnHive[]>;
}

const MAX_IDS = 1000;
const MAX_PARALLEL = 16;
/** Of the list before a question: on a terminal, more scrolled by is not read. */
const SHOWN = 50;

/** Which hives, and how many at a time: for every verb that does one thing to many. */
export const addBulkFlags = (command: Command, name = "id", what = "of hives; - reads them from stdin"): Command =>
  addFilterFlags(showing(command, OUTCOMES, { isSorted: false }).argument(`[${name}...]`, what))
    .option("--all", "all hives")
    .addOption(
      new Option("--parallel <number>", `hives at a time, ${MAX_PARALLEL} at most (default: 4)`).argParser(
        readParallel,
      ),
    );

/** Says what would be done, asks, does it, and says of each hive what came of it. Returns the exit code. */
export async function actInBulk(
  session: Session,
  { args, flags }: { args: readonly string[]; flags: BulkFlags & CommonFlags },
  bulk: Bulk,
): Promise<number> {
  const { terminal } = session;
  terminal.goOnUnread();
  const plan = await beforeAnything(session, async () => {
    return planOf(session, await chosenBy(session, args, flags), bulk);
  });
  if (plan.length === 0) {
    terminal.say(`no hive is as asked for: nothing to do${hintOf(flags)}`);
    return EXIT.done;
  }
  const todo = plan.filter(({ outcome }) => outcome === "would_do");
  const deed = await beforeAnything(session, () => agreedDeed(session, bulk, plan, todo));
  if (deed === undefined) {
    terminal.complain("nothing was done");
    return EXIT.failed;
  }
  const report = new BulkReport(
    session,
    plan.map(({ hive_id }) => hive_id),
  );
  for (const line of plan) if (line.outcome !== "would_do") await report.hive(asOutcome(line));
  const ids = todo.map(({ hive_id }) => hive_id);
  return act(session, { ...bulk, deed }, { ids, parallel: flags.parallel, report });
}

/** What is to be done, as a whole; undefined where that is not agreed to. */
async function agreedDeed(
  session: Session,
  bulk: Bulk,
  plan: readonly ActionOnHive[],
  todo: readonly ActionOnHive[],
): Promise<Deed | undefined> {
  if (todo.length === 0) return bulk.deed;
  const deed = (await bulk.complete?.()) ?? bulk.deed;
  if (session.flags.yes || bulk.isHarmless) return deed;
  refuseUnasked(session, bulk.deed.action);
  return (await isAgreed(session, bulk, plan, todo)) ? deed : undefined;
}

/** Where a question would have to be asked, and nobody can answer it. What else is wrong comes first: the flag would not mend it. */
export function refuseUnasked({ flags, terminal }: Session, verb: string): void {
  if (flags.yes || terminal.canAsk) return;
  throw new UsageProblem(`${verb} asks before it does anything, and there is no terminal: --yes answers`);
}

/** What was listed is what is done: what else is as asked for by then is left alone. */
async function act(
  session: Session,
  { deed, wait }: Bulk,
  { ids, parallel, report }: { ids: readonly string[]; parallel: number | undefined; report: BulkReport },
): Promise<number> {
  const { queen, call } = session;
  const query = { ...(parallel !== undefined && { parallel }), ...(wait && { wait }) };
  try {
    for (const part of partsOf(ids)) {
      report.asked(part);
      for await (const line of wholeAnswer(queen.actOnHives({ ...deed, ids: part } as Action, query, call))) {
        if (line.type === "hive") await report.hive(line);
        else if (line.type === "step") report.step(line);
        else if (line.stopping) {
          session.terminal.complain("the queen stops: what had not begun is not done");
          return report.end();
        }
      }
    }
    return report.end();
  } catch (error) {
    return endByError(session, report, error);
  }
}

/** What a dry run says of each hive. */
async function planOf({ queen, call }: Session, chosen: Chosen, bulk: Bulk): Promise<readonly ActionOnHive[]> {
  const planned: ActionOnHive[] = [];
  const run = async (body: object, query: Query<"actOnHives"> = { dry_run: true }) => {
    let next: string | null = null;
    for await (const line of wholeAnswer(queen.actOnHives({ ...bulk.deed, ...body } as Action, query, call))) {
      if (line.type === "hive") planned.push(line);
      else if (line.type === "end") next = line.next_after;
    }
    return next;
  };
  if ("ids" in chosen) for (const ids of partsOf(chosen.ids)) await run({ ids });
  else {
    let after = await run(chosen);
    while (after !== null) after = await run({ ...chosen, after });
  }
  return bulk.review === undefined ? planned : bulk.review(planned);
}

/** Refuses all but one way to say which hives. */
export function checkChoice(args: readonly string[], flags: BulkFlags & CommonFlags): void {
  refuseEmptySelector(flags);
  const isFiltered = Object.keys(filterOf(flags)).length > 0;
  const ways = [args.length > 0, isFiltered, flags.all === true].filter((isGiven) => isGiven).length;
  if (ways > 1) throw new UsageProblem("name hives, say what must hold for them, or say --all: not both");
  if (ways === 0) throw new UsageProblem("say which hives: ids, - for those on stdin, a filter, or --all");
}

async function chosenBy(session: Session, args: readonly string[], flags: BulkFlags & CommonFlags): Promise<Chosen> {
  checkChoice(args, flags);
  if (args.length > 0) return { ids: await idsOf(session, args) };
  if (flags.all) return { selector: "" };
  const filter = filterOf(flags);
  const { model, on_probation, unreachable, not_beating, ...choice } = filter;
  const isInListAlone = [model, on_probation, unreachable, not_beating].some((one) => one !== undefined);
  return isInListAlone ? { ids: await idsThatAre(session, filter) } : choice;
}

export async function isAgreed(
  session: Session,
  { title, isGrave }: Pick<Bulk, "title" | "isGrave">,
  plan: readonly ActionOnHive[],
  todo: readonly ActionOnHive[],
): Promise<boolean> {
  const [only] = plan.length === 1 ? plan : [];
  if (only !== undefined && !isGrave) return session.confirm(`${title} ${only.hive_id} (${only.detail})?`);
  const rows = plan.slice(0, SHOWN).map(({ hive_id, outcome, detail, problem }) => {
    return [hive_id, outcome.replace("_", " "), problem === null ? detail : `${problem.code}: ${detail}`];
  });
  const more = plan.length > SHOWN ? `… and ${plan.length - SHOWN} more\n` : "";
  const { streams, stderrWidth } = session.terminal;
  streams.stderr.write(wrapped(`${inColumns(rows)}\n${more}`, stderrWidth));
  return isNumberTyped(session, title, todo.length);
}

/** Asks for the number of what is to be done, which nobody types without a look. */
export async function isNumberTyped(session: Session, title: string, count: number, of = "hives"): Promise<boolean> {
  const counted = `${count} ${count === 1 ? of.replace(/s$/, "") : of}`;
  const typed = await session.ask(`${title} ${counted}? Type their number to go on:`);
  if (typed === String(count)) return true;
  if (typed !== "") session.terminal.complain(`you typed ${typed}, there ${count === 1 ? "is" : "are"} ${counted}`);
  return false;
}

const asOutcome = (line: ActionOnHive): ActionOnHive => ({
  ...line,
  outcome: line.outcome === "would_fail" ? "failed" : "skipped",
});

function* partsOf(ids: readonly string[]): Generator<readonly string[]> {
  for (let at = 0; at < ids.length; at += MAX_IDS) yield ids.slice(at, at + MAX_IDS);
}

function readParallel(text: string): number {
  if (/^\d{1,2}$/.test(text) && Number(text) >= 1 && Number(text) <= MAX_PARALLEL) return Number(text);
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${MAX_PARALLEL}.`);
}
