import { type Command, Option } from "commander";
import { EXIT, UsageProblem } from "../failure.ts";
import { examples, sentencesBelow } from "../output/help-lines.ts";
import { exactDuration } from "../output/times.ts";
import type { Session } from "../session.ts";
import { untilAnswered } from "./connection.ts";
import { addFilterFlags, type FilterFlags, filterOf, hintOf } from "./hive-filter.ts";
import { idsOf, idsThatAre } from "./ids.ts";
import { showing } from "./shown-columns.ts";
import type { AddVerb, Call } from "./verb.ts";
import { CONDITIONS, type Condition, hivesAwaited, MET } from "./wait-for-hives.ts";
import { operationAwaited } from "./wait-for-operation.ts";
import { follow, NO_ANSWER } from "./wait-until.ts";

interface Flags extends FilterFlags {
  readonly for: string;
}

const TIMEOUT_MS = 5 * 60_000;
/** Before the id of an operation that is waited for. */
export const OPERATION = "op=";

/** What may stand there is offered, and not all of it: an operation has an id. */
const FOR = Object.assign(
  new Option("--for <condition>", `how they are to be, or ${OPERATION}ID of an operation`).default("online"),
  { argChoices: [...CONDITIONS, OPERATION] },
);

export const addWait: AddVerb = (parent, does) => {
  const command: Command = showing(parent.command("wait"), MET, { isSorted: false })
    .description(
      "Waits until all of these hives are so, or an operation has succeeded. Ends at once when that can no longer be.",
    )
    .argument("[id...]", "of hives; - reads them from stdin")
    .addOption(FOR);
  addFilterFlags(command)
    .addHelpText(
      "after",
      sentencesBelow(
        "--timeout says for how long, 5m unless it is given; exit code 5 says that this time is up, and 1 that it became impossible, or that no hive is as asked for. Hives that are chosen by what they are, are those for which it holds when the wait begins.",
      ),
    )
    .addHelpText(
      "after",
      examples(
        ["pnpm -s hivectl wait gpu-01", "until it is online"],
        ["pnpm -s hivectl wait -l rack=r12 --for offline", "until the last of the rack is"],
        ["pnpm -s hivectl wait --for op=OPERATION --timeout 10m", "until it has succeeded"],
      ),
    )
    .action(does<Flags>(wait));
};

async function wait(session: Session, call: Call<Flags>): Promise<number> {
  const { terminal, signal } = session;
  terminal.goOnUnread();
  const timeoutMs = session.timeoutMs(TIMEOUT_MS);
  const deadline = session.deadline(TIMEOUT_MS);
  const awaited = await awaitedOf(session, deadline, call).catch((error: unknown) => {
    if (signal.aborted || !deadline.aborted) throw error;
    return { left: () => [NO_ANSWER] };
  });
  if (awaited === undefined) {
    terminal.complain(`no hive is as asked for: there is nothing to wait for${hintOf(call.flags)}`);
    return EXIT.failed;
  }
  const outcome = "look" in awaited ? await follow(session, awaited, deadline) : undefined;
  if (outcome === "met") return EXIT.done;
  for (const line of awaited.left()) terminal.complain(line);
  if (outcome === "impossible") return EXIT.failed;
  signal.throwIfAborted();
  terminal.complain(`time is up after ${exactDuration(timeoutMs)}: --timeout gives it longer`);
  return EXIT.timeIsUp;
}

/** Undefined where a filter chooses nothing, so that whatever comes next may not begin; what is removed may be gone already. */
async function awaitedOf(session: Session, signal: AbortSignal, { args, flags }: Call<Flags>) {
  const filter = filterOf(flags);
  const isFiltered = Object.keys(filter).length > 0;
  if (flags.for.startsWith(OPERATION)) {
    if (args.length > 0 || isFiltered) throw new UsageProblem(`--for ${flags.for} names all that is waited for`);
    const id = flags.for.slice(OPERATION.length);
    if (id === "") throw new UsageProblem(`--for ${OPERATION} takes the id of an operation`);
    return operationAwaited(session, id, signal);
  }
  if (!isCondition(flags.for)) {
    throw new UsageProblem(`--for must be ${CONDITIONS.join(", ")} or ${OPERATION}ID, not ${flags.for}`);
  }
  if (args.length > 0 === isFiltered) throw new UsageProblem("name hives, or say what must hold for them");
  const chosen = () => idsThatAre(session, filter, signal);
  const ids = isFiltered ? await untilAnswered(session, signal, chosen) : await idsOf(session, args);
  if (ids.length === 0 && isFiltered && flags.for !== "removed") return undefined;
  if (ids.length === 0) session.terminal.say("there is no such hive: nothing to wait for");
  return hivesAwaited(session, ids, flags.for, signal);
}

const isCondition = (text: string): text is Condition => CONDITIONS.some((one) => one === text);
