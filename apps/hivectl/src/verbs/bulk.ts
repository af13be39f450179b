import { inColumns } from "@repo/process-log/columns";
import type { Body, Query } from "@repo/queen-client";
import { type Command, InvalidArgumentError, Option } from "commander";
import { Declined, EXIT, UsageProblem } from "../failure.ts";
import { wrapped } from "../output/wrapped.ts";
import type { Session } from "../session.ts";
import { batchesOf } from "./batches.ts";
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
import { beforeAnything, endByError } from "./outcome.ts";
import { showing } from "./shown-columns.ts";
import type { Call } from "./verb.ts";

type Action = Body<"actOnHives">;
/** What is done, without to which hives. */
type Deed = Action extends infer One ? (One extends Action ? Omit<One, Choice> : never) : never;
type Choice = keyof ChoiceFilter | "ids" | "text" | "after" | "limit";
type Chosen = { readonly ids: readonly string[] } | ChoiceFilter;
/** Who is meant by the others, the queen says in her list alone. */
type ChoiceFilter = Omit<HiveFilter, "model" | "on_probation" | "unreachable" | "not_beating">;

export interface BulkFlags extends FilterFlags {
  readonly all?: true;
  readonly parallel?: number;
}

interface Question {
  /** As it stands there: `Cordon`. */
  readonly title: string;
  /** Nothing is asked. */
  readonly isHarmless?: boolean;
  /** Also of one hive the number is asked for. */
  readonly isGrave?: boolean;
}

/** How a verb goes about it. */
interface Course extends Question {
  /** As it is typed. */
  readonly verb: string;
  /** Of an empty plan. */
  readonly none: string;
  /** What would be done to each; and of those to which nothing would be done, why. */
  readonly plan: () => Promise<readonly ActionOnHive[]>;
  /** Says or asks what is still to be known, once it is known to which hives it is done. */
  readonly complete?: (todo: readonly ActionOnHive[]) => Promise<unknown>;
  readonly act: (todo: readonly ActionOnHive[], report: BulkReport) => Promise<unknown>;
}

/** One action of the queen. */
interface Bulk extends Question {
  readonly deed: Deed;
  /** The same; answers the deed where it lacked something. */
  readonly complete?: (todo: readonly ActionOnHive[]) => Promise<Deed | undefined>;
  readonly wait?: boolean | undefined;
  /** Adds to what the queen says of what would be done. */
  readonly review?: (line: ActionOnHive) => ActionOnHive;
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

/** Says what the queen would do, asks, has her do it, and says of each hive what came of it. Returns the exit code. */
export async function actInBulk(session: Session, call: Call<BulkFlags>, bulk: Bulk): Promise<number> {
  const { args, flags } = call;
  let { deed } = bulk;
  return carryOut(session, call, {
    ...bulk,
    verb: deed.action,
    none: "no hive is as asked for",
    plan: async () => planOf(session, await chosenBy(session, args, flags), bulk),
    complete: async (todo) => {
      deed = (await bulk.complete?.(todo)) ?? deed;
    },
    act: (todo, report) => act(session, { deed, wait: bulk.wait, parallel: flags.parallel }, todo, report),
  });
}

/** Plans, asks, acts, and says of each hive what came of it. Returns the exit code. */
export async function carryOut(session: Session, { flags }: Call<BulkFlags>, course: Course): Promise<number> {
  const { terminal } = session;
  const { none, verb, complete, isHarmless } = course;
  terminal.goOnUnread();
  const plan = await beforeAnything(session, course.plan);
  if (plan.length === 0) {
    terminal.say(`${none}: nothing to do${hintOf(flags)}`);
    return EXIT.done;
  }
  const todo = plan.filter(({ outcome }) => outcome === "would_do");
  await beforeAnything(session, async () => {
    if (todo.length === 0) return;
    await complete?.(todo);
    if (flags.yes || isHarmless) return;
    refuseUnasked(session, verb);
    await confirmPlan(session, course, plan, todo);
  });
  const report = new BulkReport(session, plan);
  for (const line of plan) if (line.outcome !== "would_do") await report.hive(asOutcome(line));
  try {
    await course.act(todo, report);
  } catch (error) {
    return endByError(session, report, error);
  }
  return report.end();
}

/** Where a question would have to be asked, and nobody can answer it. What else is wrong comes first: the flag would not mend it. */
export function refuseUnasked({ flags, terminal }: Session, verb: string): void {
  if (flags.yes || terminal.canAsk) return;
  throw new UsageProblem(`${verb} asks before it does anything, and there is no terminal: --yes answers`);
}

/** What was listed is what is done: what else is as asked for by then is left alone. */
async function act(
  { queen, call, terminal }: Session,
  { deed, wait, parallel }: Pick<Bulk, "deed" | "wait"> & { parallel: number | undefined },
  todo: readonly ActionOnHive[],
  report: BulkReport,
): Promise<void> {
  const query = { ...(parallel !== undefined && { parallel }), ...(wait && { wait }) };
  const all = todo.map(({ hive_id }) => hive_id);
  for (const ids of batchesOf(all, { count: MAX_IDS })) {
    report.asked(ids);
    for await (const line of queen.actOnHives({ ...deed, ids } as Action, query, call)) {
      if (line.type === "hive") await report.hive(line);
      else if (line.type === "step") report.step(line);
      else if (line.stopping) return terminal.complain("the queen stops: what had not begun is not done");
    }
  }
}

/** What a dry run says of each hive. */
async function planOf({ queen, call }: Session, chosen: Chosen, bulk: Bulk): Promise<readonly ActionOnHive[]> {
  const planned: ActionOnHive[] = [];
  const run = async (body: object, query: Query<"actOnHives"> = { dry_run: true }) => {
    let next: string | null = null;
    for await (const line of queen.actOnHives({ ...bulk.deed, ...body } as Action, query, call)) {
      if (line.type === "hive") planned.push(bulk.review?.(line) ?? line);
      else if (line.type === "end") next = line.next_after;
    }
    return next;
  };
  if ("ids" in chosen) for (const ids of batchesOf(chosen.ids, { count: MAX_IDS })) await run({ ids });
  else {
    let after = await run(chosen);
    while (after !== null) after = await run({ ...chosen, after });
  }
  return planned;
}

/** Refuses all but one way to say which hives. */
export function checkChoice(args: readonly string[], flags: Call<BulkFlags>["flags"]): void {
  refuseEmptySelector(flags);
  const isFiltered = Object.keys(filterOf(flags)).length > 0;
  const ways = [args.length > 0, isFiltered, flags.all === true].filter((isGiven) => isGiven).length;
  if (ways > 1) throw new UsageProblem("name hives, say what must hold for them, or say --all: not both");
  if (ways === 0) throw new UsageProblem("say which hives: ids, - for those on stdin, a filter, or --all");
}

async function chosenBy(session: Session, args: readonly string[], flags: Call<BulkFlags>["flags"]): Promise<Chosen> {
  checkChoice(args, flags);
  if (args.length > 0) return { ids: await idsOf(session, args) };
  if (flags.all) return { selector: "" };
  const filter = filterOf(flags);
  const { model, on_probation, unreachable, not_beating, ...choice } = filter;
  const isInListAlone = [model, on_probation, unreachable, not_beating].some((one) => one !== undefined);
  return isInListAlone ? { ids: await idsThatAre(session, filter) } : choice;
}

async function confirmPlan(
  session: Session,
  { title, isGrave }: Question,
  plan: readonly ActionOnHive[],
  todo: readonly ActionOnHive[],
): Promise<void> {
  const [only] = plan.length === 1 ? plan : [];
  if (only !== undefined && !isGrave) return session.confirm(`${title} ${only.hive_id} (${only.detail})?`);
  const rows = plan.slice(0, SHOWN).map(({ hive_id, outcome, detail, problem }) => {
    return [hive_id, outcome.replace("_", " "), problem === null ? detail : `${problem.code}: ${detail}`];
  });
  const more = plan.length > SHOWN ? `… and ${plan.length - SHOWN} more\n` : "";
  const { streams, stderrWidth } = session.terminal;
  streams.stderr.write(wrapped(`${inColumns(rows)}\n${more}`, stderrWidth));
  await confirmNumber(session, title, todo.length);
}

/** Asks for the number of what is to be done, which nobody types without a look. Throws Declined for any other answer. */
export async function confirmNumber(session: Session, title: string, count: number, of = "hives"): Promise<void> {
  const counted = `${count} ${count === 1 ? of.replace(/s$/, "") : of}`;
  const typed = await session.ask(`${title} ${counted}? Type their number to go on:`);
  if (typed === String(count)) return;
  if (typed !== "") session.terminal.complain(`you typed ${typed}, there ${count === 1 ? "is" : "are"} ${counted}`);
  throw new Declined();
}

function asOutcome(line: ActionOnHive): ActionOnHive {
  if (line.outcome === "would_skip") return { ...line, outcome: "skipped" };
  return line.outcome === "would_fail" ? { ...line, outcome: "failed" } : line;
}

function readParallel(text: string): number {
  if (/^\d{1,2}$/.test(text) && Number(text) >= 1 && Number(text) <= MAX_PARALLEL) return Number(text);
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${MAX_PARALLEL}.`);
}
