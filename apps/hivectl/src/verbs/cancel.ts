import { QueenProblem, type Schema } from "@repo/queen-client";
import { examples } from "../output/help-lines.ts";
import type { Session } from "../session.ts";
import { addBulkFlags, type BulkFlags, carryOut, checkChoice } from "./bulk.ts";
import type { ActionOnHive } from "./bulk-report.ts";
import { filterOf } from "./hive-filter.ts";
import { idsOf, idsThatAre } from "./ids.ts";
import { inParallel } from "./in-parallel.ts";
import type { AddVerb, Call } from "./verb.ts";

type Operation = Schema<"Operation">;

/** Unless `--parallel` says how many. */
const AT_ONCE = 4;

export const addCancel: AddVerb = (parent, does) => {
  addBulkFlags(
    parent
      .command("cancel")
      .description("Ends operations that run: those of these ids, or on these hives. What their steps did stays done."),
    "id",
    "of operations or hives; - reads them from stdin",
  )
    .addHelpText("after", examples(["pnpm -s hivectl cancel gpu-01 gpu-02"]))
    .action(does<BulkFlags>(cancel));
};

const cancel = (session: Session, call: Call<BulkFlags>): Promise<number> =>
  carryOut(session, call, {
    title: "Cancel the operation of",
    verb: "cancel",
    none: "no operation runs on a hive that is as asked for",
    plan: () => planOf(session, call),
    act: (todo, report) =>
      inParallel(todo, call.flags.parallel ?? AT_ONCE, async (line) => {
        report.asked([line.hive_id]);
        await report.hive(await cancelled(session, line));
      }),
  });

/** What runs, of what was asked for; and of each that was named, why there is nothing to cancel. */
async function planOf(session: Session, { args, flags }: Call<BulkFlags>): Promise<readonly ActionOnHive[]> {
  checkChoice(args, flags);
  const running = await runningOf(session);
  if (args.length > 0) {
    const lines = new Map<string, ActionOnHive>();
    for (const id of await idsOf(session, args)) {
      const operation = running.find((one) => one.id === id || one.hive_id === id);
      lines.set(operation?.id ?? id, operation === undefined ? await idleLine(session, id) : wouldDo(operation));
    }
    return [...lines.values()];
  }
  const ids = new Set(flags.all ? running.map(({ hive_id }) => hive_id) : await idsThatAre(session, filterOf(flags)));
  return running.filter(({ hive_id }) => ids.has(hive_id)).map(wouldDo);
}

async function runningOf({ queen, call }: Session): Promise<Operation[]> {
  const running: Operation[] = [];
  for await (const { operations } of queen.operationPages({ state: "running", limit: 200 }, call)) {
    running.push(...operations);
  }
  return running;
}

const wouldDo = ({ id, hive_id, steps }: Operation): ActionOnHive => ({
  type: "hive",
  hive_id,
  outcome: "would_do",
  detail: steps.length === 0 ? id : `${id}, at ${steps.at(-1)?.name}`,
  problem: null,
  operation_id: id,
});

/** Of one that was named, and is neither an operation that runs nor a hive on which one does. */
async function idleLine({ queen, call }: Session, id: string): Promise<ActionOnHive> {
  const line = { type: "hive", outcome: "skipped", problem: null, operation_id: null } as const;
  try {
    const { hive_id, state } = await queen.getOperation(id, call);
    return { ...line, hive_id, detail: `${id} has ended already: ${state}`, operation_id: id };
  } catch (error) {
    if (!(error instanceof QueenProblem) || error.code !== "OPERATION_NOT_FOUND") throw error;
  }
  try {
    await queen.getHive(id, call);
    return { ...line, hive_id: id, detail: "nothing is being done to it" };
  } catch (error) {
    return failed({ ...line, hive_id: id, detail: "" }, error);
  }
}

async function cancelled({ queen, call }: Session, line: ActionOnHive): Promise<ActionOnHive> {
  try {
    const { id } = await queen.cancelOperation(line.operation_id ?? "", call);
    return { ...line, outcome: "done", detail: `${id} is cancelled` };
  } catch (error) {
    return failed(line, error);
  }
}

function failed(line: ActionOnHive, error: unknown): ActionOnHive {
  if (!(error instanceof QueenProblem)) throw error;
  return { ...line, outcome: "failed", detail: error.detail, problem: error.problem };
}
