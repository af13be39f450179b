import { inColumns } from "@repo/process-log/columns";
import type { Schema } from "@repo/queen-client";
import { block } from "../output/blocks.ts";
import { examples } from "../output/help-lines.ts";
import { duration, type Times } from "../output/times.ts";
import { wrapped } from "../output/wrapped.ts";
import type { Session } from "../session.ts";
import { runningText } from "./get-workers.ts";
import { heldMarks } from "./held-marks.ts";
import { addressText, labelsText } from "./hive-columns.ts";
import { eventsText, type LastEvents, lastEventsOf } from "./last-events.ts";
import type { AddVerb } from "./verb.ts";

interface Described {
  readonly hive: Schema<"StoredHive">;
  readonly state: Schema<"HiveState">;
  readonly liveness: Schema<"HiveLiveness">;
  readonly operations: readonly Schema<"Operation">[];
  readonly last: LastEvents | string;
}

const OPERATIONS = 5;
const PROBES = 3;
/** What a clock may be off before it matters to whoever reads logs, and to certificates. */
const MAX_SKEW_MS = 60_000;

export const addDescribe: AddVerb = (parent, does) => {
  parent
    .command("hive")
    .alias("hives")
    .description(
      "Shows all that is known of one hive: its record, why it is online or not, its workers, last operations and events.",
    )
    .argument("<id>", "of the hive")
    .addHelpText("after", examples(["pnpm -s hivectl describe hive gpu-01"]))
    .action(
      does(async (session, { args: [id = ""] }) => {
        const described = await read(session, id);
        await session.show(asData(described), () => text(described, session), id);
      }),
    );
};

async function read(session: Session, id: string): Promise<Described> {
  const { queen, call } = session;
  // First alone: where there is none, one refusal says so.
  const hive = await queen.getHive(id, call);
  const [state, liveness, { operations }, last] = await Promise.all([
    queen.getHiveState(id, call),
    queen.explainLiveness(id, call),
    queen.listOperations({ hive_id: id, limit: OPERATIONS }, call),
    lastEventsOf(session, id),
  ]);
  return { hive, state, liveness, operations, last };
}

/** What the queen answers, each as she does; null where it cannot be read. */
function asData({ last, ...others }: Described) {
  return { ...others, events: typeof last === "string" ? null : last.events };
}

function text({ hive, state, liveness, operations, last }: Described, session: Session): string {
  const { times, terminal } = session;
  const { devices, ssh_host, ssh_user, ssh_port } = hive;
  const { cordon } = state;
  const facts: (readonly [string, string])[] = [
    ["Id", hive.id],
    ["Address", addressText(hive)],
    ["SSH", ssh_host === null ? "-" : `${ssh_user ?? ""}${ssh_user === null ? "" : "@"}${ssh_host}:${ssh_port ?? 22}`],
    ["Labels", labelsText(hive.labels) || "-"],
    ["Added", times.at(hive.created_at_ms)],
    ["Changed", times.at(hive.updated_at_ms)],
    ["Status", `${liveness.status}: ${liveness.why} (${liveness.rule})`],
    ...heldFacts(liveness, times),
    ["Last beat", times.at(hive.last_heartbeat_ms)],
    ...clockFacts(state),
    ["Reachable", reachText(liveness, times)],
    ["Takes work", state.why_not === null ? "yes" : `no: ${state.why_not}`],
    ...probationFacts(liveness, times),
    [
      "Cordon",
      cordon === null
        ? "-"
        : `${cordon.reason || "no reason"}${cordon.until_ms === null ? "" : `, ends ${times.at(cordon.until_ms)}`}`,
    ],
    ["CPU", devices?.cpu ? `${devices.cpu.cores} cores, ${devices.cpu.ram_gb} GB of RAM` : "-"],
    ...gpuFacts(devices?.gpus),
  ];
  const blocks = [
    inColumns(facts.map(([name, value]) => [`${name}:`, value])),
    ...block(
      state.live ? "Workers" : `Workers, as its last heartbeat told (${times.at(hive.last_heartbeat_ms)})`,
      state.workers.map((worker) => [
        worker.worker_id,
        worker.state,
        worker.running === null ? "-" : `${runningText(worker)} running`,
        worker.model_id ?? "-",
        worker.health_status,
      ]),
    ),
    ...block(
      "Health checks",
      liveness.probes.slice(-PROBES).map(({ at_ms, outcome, problem }) => [times.at(at_ms), outcome, problem ?? ""]),
    ),
    ...block(
      "Changes",
      liveness.changes.map(({ at_ms, was, status, rule }) => [times.at(at_ms), `${was} → ${status}`, rule]),
    ),
    ...block(
      "Operations",
      operations.map(({ id, kind, state, created_at_ms, problem }) => [
        id,
        kind,
        state,
        times.at(created_at_ms),
        problem ?? "",
      ]),
    ),
    eventsText(last, hive.id, session),
  ];
  return wrapped(`${blocks.join("\n\n")}\n`, terminal.width);
}

function clockFacts({ skew_ms: skewMs }: Schema<"HiveState">): [string, string][] {
  if (skewMs === null || Math.abs(skewMs) < MAX_SKEW_MS) return [];
  return [["Clock", `${duration(Math.abs(skewMs))} ${skewMs > 0 ? "ahead of" : "behind"} the queen's`]];
}

/** What the health checks show of it, and nothing else. */
function reachText({ contactable, probes, unreachable_since_ms }: Schema<"HiveLiveness">, times: Times): string {
  if (!contactable) return "not allowed: its host is none that this queen may contact (QUEEN_ALLOWED_HOSTS)";
  if (unreachable_since_ms !== null) return `no, since ${times.at(unreachable_since_ms)}`;
  return probes.at(-1)?.outcome === "answered" ? "yes" : "-";
}

/** Why it is not marked offline, though it would be. The grace of a queen who has just begun says nothing of one hive. */
function heldFacts({ queen, counted_silence_ms }: Schema<"HiveLiveness">, times: Times): [string, string][] {
  if (queen.state === "grace") return [];
  return heldMarks(queen, times).flatMap((why): [string, string][] => [
    ["Marks held", why],
    ["Silent for", duration(counted_silence_ms)],
  ]);
}

function probationFacts({ probation }: Schema<"HiveLiveness">, times: Times): [string, string][] {
  return probation === null
    ? []
    : [["Probation", `until ${times.at(probation.until_ms)}: it went on and off too often`]];
}

function gpuFacts(gpus: NonNullable<Schema<"StoredHive">["devices"]>["gpus"] | undefined): [string, string][] {
  if (gpus === undefined || gpus === null) return [["GPUs", "-"]];
  if (gpus.length === 0) return [["GPUs", "none"]];
  return gpus.map(({ index, name, vram_gb }) => [`GPU ${index}`, `${name}, ${vram_gb ?? "?"} GB`]);
}
