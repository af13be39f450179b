import { QueenProblem, type Query } from "@repo/queen-client";
import { EXIT } from "../failure.ts";
import { type Kind, withRoom } from "../output/records.ts";
import type { Session } from "../session.ts";
import { SHOWN_TO_PEOPLE } from "./hive-list.ts";
import { idsOf } from "./ids.ts";
import { inParallel } from "./in-parallel.ts";
import { noSuchHive } from "./one-hive.ts";
import { OPERATIONS, type Operation } from "./operation-columns.ts";
import { exitCodeOf } from "./outcome.ts";
import { printList, refuseDocuments } from "./small-list.ts";
import type { Call } from "./verb.ts";
import { type OperationFilter, watchOperations } from "./watch-operations.ts";

export interface OperationFlags extends OperationFilter {
  readonly limit?: number;
  readonly all?: true;
  readonly watch?: true;
}

const PAGE = 200;
/** Hives that are asked for at a time: the queen answers no more to one caller. */
const AT_ONCE = 4;
/** With room for the longest words that are not rare, so that none of them moves a column when it comes. */
const WATCHED = withRoom(withRoom(OPERATIONS, "STATE", ["succeeded"]), "STEP", ["revoke_tokens"]);

/** Prints operations, and goes on with what becomes of them where that is asked for. */
export async function getOperations(session: Session, { args, flags }: Call<OperationFlags>): Promise<number> {
  const { state, kind, limit, all, watch } = flags;
  if (watch) refuseDocuments(session);
  const filter = { ...(state && { state }), ...(kind && { kind }) };
  const ids = args.length === 0 ? undefined : await idsOf(session, args);
  const isAsked = args.length > 0 || Object.keys(filter).length > 0;
  const none = isAsked ? "no operation is as asked for" : "no operations yet";
  const most = limit ?? (all || !session.terminal.isForPeople ? Infinity : SHOWN_TO_PEOPLE);
  const list = async (listed: Kind<Operation>) => {
    const [printer, said] = [session.printer(listed, { isWatch: watch === true }), session.linesSaid(listed)];
    const { pages, missing } = await found(session, ids, filter, most);
    for (const id of missing) session.terminal.complain(noSuchHive(id));
    await printList(session, listed, pages, { none, limit: most, printer, ...(watch && { said }) });
    return {
      printer,
      said,
      exitCode: ids === undefined ? EXIT.done : exitCodeOf(ids.length, ids.length - missing.length),
    };
  };
  if (watch) return watchOperations(session, { ids, filter }, () => list(WATCHED));
  return (await list(OPERATIONS)).exitCode;
}

interface Found {
  readonly pages: AsyncIterable<readonly Operation[]> | Iterable<readonly Operation[]>;
  /** Hives that were named, and are not there. */
  readonly missing: readonly string[];
}

/** Of these hives together, of each of which the queen keeps few; of all hives page by page. */
async function found(
  session: Session,
  ids: readonly string[] | undefined,
  filter: OperationFilter,
  most: number,
): Promise<Found> {
  if (ids === undefined) return { pages: pagesOf(session, filter, most), missing: [] };
  const ofEach = await inParallel(ids, AT_ONCE, (id) => ofHive(session, id, filter, most));
  const operations = ofEach.flatMap((one) => one ?? []).toSorted((a, b) => b.created_at_ms - a.created_at_ms);
  return { pages: [operations], missing: ids.filter((_, at) => ofEach[at] === undefined) };
}

async function* pagesOf({ queen, call }: Session, query: Query<"listOperations">, most: number) {
  const limit = Math.min(PAGE, most);
  for await (const { operations } of queen.operationPages({ ...query, limit }, call)) yield operations;
}

/** The newest of one hive, so many at most; undefined where there is no such hive. */
async function ofHive(
  session: Session,
  hive_id: string,
  filter: OperationFilter,
  most: number,
): Promise<Operation[] | undefined> {
  const operations: Operation[] = [];
  try {
    for await (const page of pagesOf(session, { ...filter, hive_id }, most)) {
      operations.push(...page);
      if (operations.length >= most) break;
    }
    return operations;
  } catch (error) {
    if (error instanceof QueenProblem && error.errors?.some(({ field }) => field === "hive_id")) return undefined;
    throw error;
  }
}
