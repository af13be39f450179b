import { inColumns } from "@repo/process-log/columns";
import { printable } from "@repo/process-log/printable";
import { Option } from "commander";
import { block, indented } from "../output/blocks.ts";
import { examples } from "../output/help-lines.ts";
import { duration } from "../output/times.ts";
import { wrapped } from "../output/wrapped.ts";
import type { Session } from "../session.ts";
import { readCount, SHOWN_TO_PEOPLE } from "./hive-list.ts";
import { OPERATIONS, type Operation, tookText } from "./operation-columns.ts";
import { getOperations, type OperationFlags } from "./operation-list.ts";
import { someOf } from "./several.ts";
import { showing } from "./shown-columns.ts";
import type { AddVerb } from "./verb.ts";

const STATES = ["running", "succeeded", "failed", "cancelled", "interrupted"];
const KINDS = ["install", "start", "stop", "restart"];

export const addGetOperations: AddVerb = (parent, does) => {
  showing(parent.command("operations"), OPERATIONS)
    .alias("operation")
    .description("Lists what is done to hives, and was: of all, or of those that are named. The newest come first.")
    .argument("[id...]", "of hives; - reads them from stdin")
    .addOption(someOf(new Option("--state <state,...>", "only those in it"), STATES))
    .addOption(someOf(new Option("--kind <kind,...>", "only those of it"), KINDS))
    .addOption(new Option("--limit <number>", "so many at most").argParser(readCount))
    .option("--all", `every one; without it, a terminal shows ${SHOWN_TO_PEOPLE}`)
    .option("-w, --watch", "go on with a line for each that begins, comes to its next step or ends, until Ctrl-C")
    .addHelpText("after", examples(["pnpm -s hivectl get operations --state failed gpu-01"]))
    .action(does<OperationFlags>(getOperations));
};

export const addDescribeOperation: AddVerb = (parent, does) => {
  parent
    .command("operation")
    .alias("operations")
    .description("Shows all that is known of one operation: its steps, and the end of what its programs wrote.")
    .argument("<operation>", "its id")
    .addHelpText("after", examples(["pnpm -s hivectl describe operation install-5f897ff4036a8eac"]))
    .action(
      does(async (session, { args: [id = ""] }) => {
        const operation = await session.queen.getOperation(id, session.call);
        await session.show(operation, () => text(operation, session), id);
      }),
    );
};

function text(operation: Operation, { times, terminal }: Session): string {
  const { id, hive_id, kind, state, problem, owner, created_at_ms, deadline_ms, steps, output_tail } = operation;
  const facts = [
    ["Id:", id],
    ["Hive:", hive_id],
    ["Kind:", kind],
    ["State:", state],
    ["Problem:", problem ?? "-"],
    ["Began:", times.at(created_at_ms)],
    ["Took:", tookText(operation)],
    ["Deadline:", times.at(deadline_ms)],
    ["Owner:", owner],
  ];
  const done = steps.map(({ name, state, started_at_ms, ended_at_ms, detail }) => [
    name,
    state,
    ended_at_ms === null ? "-" : duration(ended_at_ms - started_at_ms),
    detail ?? "",
  ]);
  const output = output_tail.trimEnd().split("\n").map(printable).join("\n");
  const blocks = [
    inColumns(facts),
    ...block("Steps", done),
    ...(output === "" ? [] : [`Output (output_tail):\n${indented(output)}`]),
  ];
  return wrapped(`${blocks.join("\n\n")}\n`, terminal.width);
}
