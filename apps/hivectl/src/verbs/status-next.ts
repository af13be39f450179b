import type { Answer, Schema } from "@repo/queen-client";
import type { HiveRow } from "./hive-columns.ts";

type Operation = Schema<"Operation">;

export interface Status {
  readonly queen: string;
  readonly totals: Schema<"FleetTotals">;
  readonly health: Answer<"getHealth">;
  /** Why she cannot serve; null where she can. */
  readonly not_ready: string | null;
  /** Of each kind the first few. */
  readonly offline: readonly HiveRow[];
  readonly unknown: readonly HiveRow[];
  readonly not_beating: readonly HiveRow[];
  readonly unreachable: readonly HiveRow[];
  readonly cordoned: readonly HiveRow[];
  readonly in_error: readonly Schema<"PlacedWorker">[];
  readonly running: readonly Operation[];
  /** What failed last on those that are proposed next. */
  readonly failed: readonly Operation[];
}

/** What hivectl is called with, and what that does. */
type Call = readonly [args: string, does: string];

export function nextCalls(status: Status): Call[] {
  const { totals, health, unreachable, cordoned, in_error } = status;
  const calls: Call[] = [];
  if (totals.total === 0) calls.push(["add ID --host HOST", "adds a hive"]);
  if (health.liveness.state === "mass_failure" || health.liveness.state === "network_lost") {
    calls.push(["confirm-missing", "says that those that are missing are gone"]);
  }
  calls.push(...agentCalls(status), ...tokenCalls(status));
  const [deaf] = unreachable;
  if (deaf !== undefined) calls.push(healthChecksOf(deaf));
  if (in_error.length > 0) calls.push(["get workers --state error", "shows them"]);
  // Somebody meant it: it is no fault, and comes up where there is none.
  const kept = cordoned.find(({ cordon }) => cordon?.until_ms === null);
  if (calls.length > 0 || kept === undefined) return calls;
  return [[`uncordon ${kept.hive.id}`, "gives it work again, once that for which it is cordoned is done"]];
}

const healthChecksOf = ({ hive }: HiveRow): Call => [`describe hive ${hive.id}`, "says what its health checks met"];

/** How those get an agent that are not there. */
function agentCalls({ offline, unknown, failed }: Status): Call[] {
  const calls: Call[] = [];
  const mend = (row: HiveRow) => failed.filter(({ hive_id }) => hive_id === row.hive.id).map(afterFailure)[0];
  const stopped = offline.find(canStart);
  const lost = offline.find(isAwaited);
  if (stopped !== undefined) calls.push(mend(stopped) ?? [`start ${stopped.hive.id}`, "starts its agent again"]);
  else if (lost !== undefined) calls.push(healthChecksOf(lost));
  const awaited = unknown.find(isAwaited);
  if (awaited !== undefined) {
    const { id, ssh_host } = awaited.hive;
    const otherwise: Call =
      ssh_host !== null
        ? [`install ${id}`, "puts an agent there, which beats"]
        : [`describe hive ${id}`, "says what it waits for"];
    calls.push(mend(awaited) ?? otherwise);
  }
  return calls;
}

/** How the heartbeats of those arrive that are there. */
function tokenCalls({ not_beating: notBeating }: Status): Call[] {
  const calls: Call[] = [];
  const ofCause = (cause: HiveRow["not_beating"]) => notBeating.find((row) => row.not_beating === cause);
  if (ofCause("no_token") !== undefined) {
    calls.push([
      "token create --role hive --out-dir tokens",
      "makes a token for each hive that has none: HIVE_TOKEN_FILE there",
    ]);
  }
  if (ofCause("token_unused") !== undefined) {
    calls.push(["token list", "shows those that are not used: HIVE_TOKEN_FILE on the hive names its own"]);
  }
  const silent = ofCause("not_known");
  if (silent !== undefined) {
    calls.push([`describe hive ${silent.hive.id}`, "says when it last beat; the log of its agent says why it ended"]);
  }
  return calls;
}

/** The same again would fail again: what the queen said of that comes first. */
function afterFailure({ id, problem, ...operation }: Operation): Call {
  const [, advice] = problem?.split("; next: ") ?? [];
  return [
    `describe operation ${id}`,
    `says why ${endText(operation)}${advice === undefined ? "" : `; next: ${advice}`}`,
  ];
}

/** What was last done to bring its agent up, and was not done to its end; null of one that beat since then: that is not why it is gone. */
export function failedOf(row: HiveRow | undefined): HiveRow["last_operation"] {
  const last = row?.last_operation;
  if (!last || last.kind === "stop" || last.state === "running" || last.state === "succeeded") return null;
  return (row.hive.last_heartbeat_ms ?? 0) > (last.finished_at_ms ?? 0) ? null : last;
}

const endText = ({ kind, state }: Pick<Operation, "kind" | "state">): string =>
  `its ${kind} ${state === "failed" ? "failed" : `was ${state}`}`;

/** Of one that is not there: what was tried last, too. */
export function whyText(row: HiveRow): string {
  const failed = failedOf(row);
  return failed === null ? row.status.why : `${row.status.why}; ${endText(failed)}`;
}

/** One on which something is done now gets its agent, or is told of when that has failed. */
export const isAwaited = ({ last_operation: last }: HiveRow): boolean => last?.state !== "running";

/** Whether a queen can do something about one that is offline, by her own operations. */
export const canStart = ({ last_operation }: HiveRow): boolean =>
  last_operation !== null && last_operation.state !== "running";
