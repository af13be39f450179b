import { printable } from "@repo/process-log/printable";
import { mayPass, QueenProblem } from "@repo/queen-client";
import { block } from "../output/blocks.ts";
import { examples } from "../output/help-lines.ts";
import { withCommand } from "../output/terminal.ts";
import { wrapped } from "../output/wrapped.ts";
import type { Session } from "../session.ts";
import { heldMarks } from "./held-marks.ts";
import { type HiveRow, statusText } from "./hive-columns.ts";
import { refuseNames } from "./small-list.ts";
import { canStart, failedOf, isAwaited, nextCalls, type Status, whyText } from "./status-next.ts";
import type { AddVerb } from "./verb.ts";

const SHOWN = 10;

export const addStatus: AddVerb = (parent, does) => {
  parent
    .command("status")
    .description("Says how the fleet is, who needs attention, and what to do next.")
    .addHelpText("after", examples(["pnpm -s hivectl status"]))
    .action(
      does(async (session) => {
        refuseNames(session);
        const status = await read(session);
        await session.show(status, () => text(status, session));
      }),
    );
};

async function read(session: Session): Promise<Status> {
  const { queen, call, access } = session;
  const [notReady, health, offline, unknown, notBeating, unreachable, cordoned, { operations }, { workers }] =
    await Promise.all([
      whyNotReady(session),
      queen.getHealth(call),
      queen.listFleet({ status: "offline", limit: SHOWN }, call),
      queen.listFleet({ status: "unknown", limit: SHOWN }, call),
      queen.listFleet({ not_beating: true, limit: SHOWN }, call),
      queen.listFleet({ unreachable: true, limit: SHOWN }, call),
      queen.listFleet({ cordoned: true, limit: SHOWN }, call),
      queen.listOperations({ state: "running", limit: SHOWN }, call),
      queen.findWorkers({ state: "Error" }, call),
    ]);
  const failed = [offline.hives.find(canStart), unknown.hives.find(isAwaited)].flatMap(
    (row) => failedOf(row)?.id ?? [],
  );
  return {
    queen: access.url,
    totals: offline.totals,
    health,
    not_ready: notReady,
    offline: offline.hives,
    unknown: unknown.hives,
    not_beating: notBeating.hives,
    unreachable: unreachable.hives,
    cordoned: cordoned.hives,
    in_error: workers,
    running: operations,
    failed: await Promise.all(failed.map((id) => queen.getOperation(id, call))),
  };
}

/** Why the queen cannot serve, though she answers what is read. */
async function whyNotReady({ queen, call, signal }: Session): Promise<string | null> {
  try {
    await queen.isReady(call);
    return null;
  } catch (error) {
    if (signal.aborted || !mayPass(error)) throw error;
    return error instanceof QueenProblem ? error.detail : error.message;
  }
}

function text(status: Status, { times, access, terminal }: Session): string {
  const { queen, totals } = status;
  const where = access.context === undefined ? queen : `${queen} (context ${access.context})`;
  const sinceAndWhy = (row: HiveRow) => [times.at(row.status.since_ms), whyText(row)];
  const blocks = [
    ...queenMarks(status),
    `Fleet at ${printable(where)}: ${countsText(totals)}`,
    ...heldMarks(status.health.liveness, times),
    ...hivesBlock("Offline", status.offline, totals.offline, sinceAndWhy),
    ...hivesBlock("Unknown until they beat or answer a health check", status.unknown, totals.unknown, sinceAndWhy),
    ...hivesBlock("Online, but their heartbeats do not arrive", status.not_beating, totals.not_beating, sinceAndWhy),
    ...hivesBlock("Online, but their port does not answer", status.unreachable, totals.unreachable, (row) => [
      times.at(row.unreachable_since_ms),
    ]),
    ...errorsBlock(status.in_error),
    ...hivesBlock("Cordoned", status.cordoned, totals.cordoned, ({ cordon }) => [
      times.at(cordon?.created_at_ms),
      `${cordon?.reason ?? ""}${cordon?.until_ms ? `, ends ${times.at(cordon.until_ms)}` : ""}`,
    ]),
    ...block(
      "Running",
      status.running.map(({ id, hive_id, kind, created_at_ms }) => [id, kind, hive_id, times.at(created_at_ms)]),
    ),
    ...block(
      "Next",
      nextCalls(status).map(([args, does]) => [`${terminal.command} ${args}`, withCommand(does, terminal.command)]),
    ),
  ];
  return wrapped(`${blocks.join("\n\n")}\n`, terminal.width);
}

/** What is wrong with the queen herself: all below is as she last knew it. */
function queenMarks({ not_ready: why, health: { other_queens: others } }: Status): string[] {
  const isNotReady = `The queen is not ready: ${why}. Changes and heartbeats may be refused until that is over, and what is said below is as she knew it last.`;
  const areSeveral = `${others === 1 ? "Another queen runs" : `${others} other queens run`} on this catalog, which is made for one: they may disagree on which hives are gone. Let one run, and stop the others, which each names in her log.`;
  return [...(why === null ? [] : [isNotReady]), ...(others === 0 ? [] : [areSeveral])];
}

function countsText({ total, online, offline, unknown, ...others }: Status["totals"]): string {
  if (total === 0) return "no hives";
  const counts = [
    `${total} ${total === 1 ? "hive" : "hives"}`,
    `${online} online`,
    `${offline} offline`,
    `${unknown} unknown`,
  ];
  for (const [name, count] of Object.entries(others))
    if (count > 0) counts.push(`${count} ${name.replaceAll("_", " ")}`);
  return counts.join(", ");
}

/** The first hives of a kind, of so many in all, and what is said of each. */
function hivesBlock(title: string, rows: readonly HiveRow[], all: number, say: (row: HiveRow) => readonly string[]) {
  const lines = rows.map((row) => [row.hive.id, statusText(row), ...say(row)]);
  return block(title, lines, all - rows.length);
}

/** Of each hive the models that its workers in error serve. */
function errorsBlock(workers: Status["in_error"]): string[] {
  const ids = [...new Set(workers.map(({ hive_id }) => hive_id))].toSorted();
  const lines = ids.slice(0, SHOWN).map((id) => {
    const own = workers.filter(({ hive_id }) => hive_id === id);
    const names = own.map(({ model_id, worker_id }) => model_id ?? worker_id).toSorted();
    return [id, names.join(", ")];
  });
  return block("Workers in error", lines, ids.length - lines.length);
}
