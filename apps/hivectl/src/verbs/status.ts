import { inColumns, printable } from "@repo/process-log/printable";
import type { Answer, Schema } from "@repo/queen-client";
import type { Session } from "../session.ts";
import { heldMarks } from "./held-marks.ts";
import { type HiveRow, statusText } from "./hive-columns.ts";
import { refuseNames } from "./small-list.ts";
import type { AddVerb } from "./verb.ts";

interface Status {
  readonly queen: string;
  readonly totals: Schema<"FleetTotals">;
  readonly health: Answer<"getHealth">;
  /** Of each kind the first few. */
  readonly offline: readonly HiveRow[];
  readonly unknown: readonly HiveRow[];
  readonly notBeating: readonly HiveRow[];
  readonly cordoned: readonly HiveRow[];
  readonly running: readonly Schema<"Operation">[];
}

const SHOWN = 10;

export const addStatus: AddVerb = (parent, does) => {
  parent
    .command("status")
    .description("Says how the fleet is, who needs attention, and what to do next.")
    .addHelpText("after", "\nExample: pnpm -s hivectl status")
    .action(
      does(async (session) => {
        refuseNames(session);
        const status = await read(session);
        await session.show(status, () => text(status, session));
      }),
    );
};

async function read({ queen, call, access }: Session): Promise<Status> {
  const [health, offline, unknown, notBeating, cordoned, { operations }] = await Promise.all([
    queen.getHealth(call),
    queen.listFleet({ status: "offline", limit: SHOWN }, call),
    queen.listFleet({ status: "unknown", limit: SHOWN }, call),
    queen.listFleet({ not_beating: true, limit: SHOWN }, call),
    queen.listFleet({ cordoned: true, limit: SHOWN }, call),
    queen.listOperations({ state: "running", limit: SHOWN }, call),
  ]);
  return {
    queen: access.url,
    totals: offline.totals,
    health,
    offline: offline.hives,
    unknown: unknown.hives,
    notBeating: notBeating.hives,
    cordoned: cordoned.hives,
    running: operations,
  };
}

function text(status: Status, { times, access, terminal }: Session): string {
  const { queen, totals, health, offline, unknown, notBeating, cordoned, running } = status;
  const { total, online, on_probation, unreachable, not_beating } = totals;
  const counts = [
    `${online} online`,
    `${totals.offline} offline`,
    `${totals.unknown} unknown`,
    totals.cordoned > 0 && `${totals.cordoned} cordoned`,
    on_probation > 0 && `${on_probation} on probation`,
    unreachable > 0 && `${unreachable} unreachable`,
    not_beating > 0 && `${not_beating} not beating`,
  ].filter((one) => one !== false);
  const where = access.context === undefined ? queen : `${queen} (context ${access.context})`;
  const block = (title: string, rows: readonly (readonly string[])[], shown = rows.length, all = shown) => {
    if (rows.length === 0) return [];
    const more = all > shown ? [`  … and ${all - shown} more`] : [];
    return [[`${title}:`, inColumns(rows).replaceAll(/^/gm, "  "), ...more].join("\n")];
  };
  const rowsOf = (rows: readonly HiveRow[]) =>
    rows.map((row) => [row.hive.id, statusText(row), times.at(row.status.since_ms), row.status.why]);
  const blocks = [
    `Fleet at ${printable(where)}: ${total === 0 ? "no hives" : `${total} hives, ${counts.join(", ")}`}`,
    ...heldMarks(health.liveness, times),
    ...block("Offline", rowsOf(offline), offline.length, totals.offline),
    ...block("Unknown until they beat or answer a health check", rowsOf(unknown), unknown.length, totals.unknown),
    ...block("Online, but their heartbeats do not arrive", rowsOf(notBeating), notBeating.length, totals.not_beating),
    ...block(
      "Cordoned",
      cordoned.map((row) => [
        row.hive.id,
        statusText(row),
        times.at(row.cordon?.created_at_ms),
        `${row.cordon?.reason ?? ""}${row.cordon?.until_ms ? `, ends ${times.at(row.cordon.until_ms)}` : ""}`,
      ]),
      cordoned.length,
      totals.cordoned,
    ),
    ...block(
      "Running",
      running.map(({ id, hive_id, kind, created_at_ms }) => [id, kind, hive_id, times.at(created_at_ms)]),
    ),
    ...block(
      "Next",
      next(status).map(([args, does]) => [`${terminal.command} ${args}`, does]),
    ),
  ];
  return `${blocks.join("\n\n")}\n`;
}

/** What hivectl is called with, and what that does. */
function next({ totals, health, offline, unknown, notBeating, cordoned }: Status): [args: string, does: string][] {
  const stopped = offline.find(canStart);
  const [awaited] = unknown;
  const kept = cordoned.find(({ cordon }) => cordon?.until_ms === null);
  const calls: [string, string][] = [];
  if (totals.total === 0) calls.push(["add ID --host HOST", "adds a hive"]);
  if (health.liveness.state === "mass_failure" || health.liveness.state === "network_lost") {
    calls.push(["confirm-missing", "says that those that are missing are gone"]);
  }
  if (stopped !== undefined) calls.push([`start ${stopped.hive.id}`, "starts its agent again"]);
  if (awaited !== undefined) {
    const { id, ssh_host } = awaited.hive;
    if (ssh_host !== null) calls.push([`install ${id}`, "puts an agent there, which beats"]);
    else calls.push([`describe hive ${id}`, "says what it waits for"]);
  }
  if (notBeating.some((row) => row.not_beating === "no_token")) {
    calls.push([
      "token create --role hive --out-dir tokens",
      "makes a token for each hive that has none: HIVE_TOKEN_FILE there",
    ]);
  }
  if (kept !== undefined) calls.push([`uncordon ${kept.hive.id}`, "gives it work again"]);
  return calls;
}

/** Why it is offline is said already; whether a queen can do something about it, by her own operations. */
const canStart = ({ last_operation }: HiveRow): boolean =>
  last_operation !== null && last_operation.state !== "running";
