import { inColumns } from "@repo/process-log/columns";
import { printable } from "@repo/process-log/printable";
import type { Query, Schema } from "@repo/queen-client";
import { Option } from "commander";
import type { Kind } from "../output/records.ts";
import type { Style } from "../output/terminal.ts";
import { duration } from "../output/times.ts";
import type { Session } from "../session.ts";
import { readCount, SHOWN_TO_PEOPLE } from "./hive-list.ts";
import { idsOf } from "./ids.ts";
import { showing } from "./shown-columns.ts";
import { printList } from "./small-list.ts";
import type { AddVerb } from "./verb.ts";

type Operation = Schema<"Operation">;
type Filter = Pick<Query<"listOperations">, "state" | "kind">;

interface Flags extends Filter {
  readonly limit?: number;
  readonly all?: true;
}

const STATES = ["running", "succeeded", "failed", "cancelled", "interrupted"];
const KINDS = ["install", "start", "stop", "restart"];
const PAGE = 200;
const STYLES: Readonly<Record<string, Style>> = { succeeded: "green", failed: "red", running: "yellow" };

export const addGetOperations: AddVerb = (parent, does) => {
  showing(parent.command("operations"), OPERATIONS)
    .alias("operation")
    .description("Lists what is done to hives, and was: of all, or of those that are named. The newest come first.")
    .argument("[id...]", "of hives; - reads them from stdin")
    .addOption(new Option("--state <state>", "only those in it").choices(STATES))
    .addOption(new Option("--kind <kind>", "only those of it").choices(KINDS))
    .addOption(new Option("--limit <number>", "so many at most").argParser(readCount))
    .option("--all", `every one; without it, a terminal shows ${SHOWN_TO_PEOPLE}`)
    .addHelpText("after", "\nExample: pnpm -s hivectl get operations --state failed gpu-01")
    .action(
      does<Flags>(async (session, { args, flags: { state, kind, limit, all } }) => {
        const ids = args.length === 0 ? [undefined] : await idsOf(session, args);
        const pages = pagesOf(session, ids, { ...(state && { state }), ...(kind && { kind }) });
        const most = limit ?? (all || !session.terminal.isForPeople ? Infinity : SHOWN_TO_PEOPLE);
        const isAsked = args.length > 0 || state !== undefined || kind !== undefined;
        const none = isAsked ? "no operation is as asked for" : "no operations yet";
        await printList(session, OPERATIONS, pages, { none, limit: most });
      }),
    );
};

export const addDescribeOperation: AddVerb = (parent, does) => {
  parent
    .command("operation")
    .alias("operations")
    .description("Shows all that is known of one operation: its steps, and the end of what its programs wrote.")
    .argument("<operation>", "its id")
    .addHelpText("after", "\nExample: pnpm -s hivectl describe operation install-5f897ff4036a8eac")
    .action(
      does(async (session, { args: [id = ""] }) => {
        const operation = await session.queen.getOperation(id, session.call);
        await session.show(operation, () => text(operation, session), id);
      }),
    );
};

async function* pagesOf({ queen, call }: Session, ids: readonly (string | undefined)[], filter: Filter) {
  for (const id of ids) {
    const query = { ...filter, ...(id !== undefined && { hive_id: id }), limit: PAGE };
    for await (const { operations } of queen.operationPages(query, call)) yield operations;
  }
}

const tookMs = ({ created_at_ms, finished_at_ms }: Operation): number | null =>
  finished_at_ms === null ? null : finished_at_ms - created_at_ms;

const tookText = (operation: Operation): string => {
  const ms = tookMs(operation);
  return ms === null ? "-" : duration(ms);
};

const OPERATIONS: Kind<Operation> = {
  name: "operations",
  nameOf: ({ id }) => id,
  columns: [
    { title: "ID", cell: ({ id }) => id },
    { title: "HIVE", cell: ({ hive_id }) => hive_id },
    { title: "KIND", cell: ({ kind }) => kind },
    { title: "STATE", cell: ({ state }) => ({ text: state, style: STYLES[state] }) },
    {
      title: "BEGAN",
      cell: ({ created_at_ms }, times) => times.at(created_at_ms),
      sortKey: ({ created_at_ms }) => created_at_ms,
    },
    { title: "TOOK", cell: tookText, sortKey: tookMs },
    { title: "STEP", cell: ({ steps }) => steps.at(-1)?.name ?? "-" },
    { title: "PROBLEM", cell: ({ problem }) => problem ?? "-" },
    { title: "OWNER", isWide: true, cell: ({ owner }) => owner },
  ],
};

function text(operation: Operation, { times }: Session): string {
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
    ...(done.length === 0 ? [] : [`Steps:\n${inColumns(done).replaceAll(/^/gm, "  ")}`]),
    ...(output === "" ? [] : [`Output:\n${output.replaceAll(/^/gm, "  ")}`]),
  ];
  return `${blocks.join("\n\n")}\n`;
}
