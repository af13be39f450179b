import { setTimeout as delay } from "node:timers/promises";
import { unlessAborted } from "../../process/abort.ts";
import { reasonOf } from "../../process/errors.ts";
import { ProbeError } from "../../reach/probe.ts";
import { type FailureCode, StepFailure } from "../failures.ts";
import { beginningOf, script } from "../host.ts";
import type { Job } from "../job.ts";
import type { Outcome } from "../operation-run.ts";

const HEALTH_POLL_MS = 200;
const NOT_INSTALLED = "not installed";
/** `$1` is the agent's folder, `$2` what it is to do. */
const CONTROL = `[ -f "$1/agent.mjs" ] || { echo "${NOT_INSTALLED}"; exit 0; }; exec node "$1/agent.mjs" "$2"`;

/** Gives the agent's own control program a command, and answers the one line that it says. */
async function control(job: Job, command: "start" | "stop" | "status" | "service"): Promise<string> {
  const said = await job.host.run(script(CONTROL, job.folder, command), { signal: job.signal });
  return said.trim();
}

async function controlInstalled(job: Job, command: "start" | "stop" | "service"): Promise<string> {
  const said = await control(job, command);
  if (said !== NOT_INSTALLED) return said;
  if (command !== "stop") throw notInstalled(job);
  throw new StepFailure("AGENT_STARTED_ELSEWHERE", `the queen installed no agent ${placeOf(job)}`);
}

const placeOf = ({ folder, host }: Job): string => `in ~/${folder} on ${host.name}`;

const notInstalled = (job: Job): StepFailure =>
  new StepFailure("AGENT_NOT_INSTALLED", `the agent is not installed ${placeOf(job)}`);

/** As health checks ask: one that has said its id goes on saying it, and what stands in its place is another. */
const healthOf = ({ parts: { probe, fleet }, hive }: Job) => probe.health(hive.id, hive, fleet.sight(hive.id)?.saysId);

/** Whether a hive of this id answers at the hive's address. */
function answers(job: Job): Promise<boolean> {
  const health = healthOf(job).then(
    () => true,
    () => false,
  );
  return unlessAborted(job.signal, health);
}

/** Finds out whether the agent runs already, whoever started it. */
export async function look(job: Job): Promise<Outcome> {
  const status = await control(job, "status");
  const isStarted = status.startsWith("running");
  job.isRunning = isStarted || (await answers(job));
  if (status === NOT_INSTALLED && !job.isLocal && !job.isRunning) throw notInstalled(job);
  if (isStarted || !job.isRunning) return status;
  return "a hive of this id answers already, which this queen did not start";
}

/** `$1` is the agent's folder. Of its token the id alone is said. */
const LOOK_ROUND = `uname -sm; [ -f "$1/hive.env" ] || exit 0
sed -n 's/^HIVE_QUEEN=/queen /p; s/^HIVE_TOKEN=hq_\\([0-9a-f]*\\)_.*/token \\1/p' "$1/hive.env"`;

/** Whatever is done to a hive begins here: an agent that another queen installed is left alone. */
export async function connect(job: Job): Promise<Outcome> {
  const host = await job.openHost();
  const said = await host.run(script(LOOK_ROUND, job.folder), { signal: job.signal });
  const { queen, token } = { queen: /^queen (.+)$/m.exec(said)?.[1], token: /^token (.+)$/m.exec(said)?.[1] };
  if (queen !== undefined && !(await isOwn(job, queen, token))) {
    const whose = `the agent ${placeOf(job)} is that of the queen at ${beginningOf(queen)}`;
    throw new StepFailure("AGENT_OF_ANOTHER_QUEEN", `${whose}, and its token is not in the catalog of this one`);
  }
  return `${host.name}: ${said.split("\n", 1)[0]}`;
}

/** Her URL may have changed since she installed it: then she still knows its token. */
async function isOwn(
  { knownQueenUrl, parts, hive }: Job,
  queen: string,
  tokenId: string | undefined,
): Promise<boolean> {
  if (queen === knownQueenUrl) return true;
  const tokens = await parts.catalog.tokens.list();
  return tokens.some(({ id, hiveId }) => id === tokenId && hiveId === hive.id);
}

export async function service(job: Job): Promise<Outcome> {
  return job.isLocal ? { skipped: "a process file" } : controlInstalled(job, "service");
}

export async function stop(job: Job): Promise<Outcome> {
  const said = await controlInstalled(job, "stop");
  if (said !== "not running" || !(await answers(job))) return said;
  const why = `this queen did not start it, or its hive.pid ${placeOf(job)} is gone`;
  throw new StepFailure("AGENT_STARTED_ELSEWHERE", `a hive of this id answers, but ${why}`);
}

export async function start(job: Job): Promise<Outcome> {
  try {
    return await controlInstalled(job, "start");
  } catch (error) {
    if (!(error instanceof StepFailure && error.code === "COMMAND_FAILED")) throw error;
    throw await whyNotStarted(job, error);
  }
}

/** Of an agent that did not start, or the failure as it is where it may start yet. */
async function whyNotStarted(job: Job, failure: StepFailure): Promise<StepFailure> {
  const isStopped = await control(job, "stop").then(
    () => true,
    () => false,
  );
  if (!isStopped) return failure;
  const why = await unlessAborted(job.signal, healthOf(job)).catch((error: unknown) => error);
  const isOther = why instanceof ProbeError && why.code === "WRONG_HIVE";
  if (!isOther) return new StepFailure("AGENT_NOT_STARTED", failure.message, { cause: failure });
  return new StepFailure("WRONG_HIVE", `${failure.message}; ${why.message}`, { cause: failure });
}

/** Waits until the agent answers over the network, as this hive. */
export async function waitForHealth(job: Job): Promise<Outcome> {
  const { parts, hive } = job;
  const failure = ["AGENT_SILENT", "the agent runs, but does not answer"] as const;
  await untilAnswered(job, failure, () => healthOf(job)).catch(async (error: unknown) => {
    throw await whySilent(job, error);
  });
  // Else it would be called unreachable until the next round.
  await parts.fleet.check(hive);
  return `${hive.host}:${hive.port} answers`;
}

/** An agent that does not answer may have ended since, such as with the session in which it was started. */
async function whySilent(job: Job, failure: unknown): Promise<unknown> {
  if (!(failure instanceof StepFailure && failure.code === "AGENT_SILENT")) return failure;
  const status = await control(job, "status").catch(() => "unknown");
  if (status !== "stopped") return failure;
  return new StepFailure("AGENT_ENDED", "the agent was started, and has ended since", { cause: failure });
}

export async function detectDevices(job: Job): Promise<Outcome> {
  const { parts, hive } = job;
  const ask = () => parts.fleet.devices.detect(hive);
  const { cpu, gpus } = await untilAnswered(job, ["DEVICES_UNKNOWN", "the agent does not tell its devices"], ask);
  return `${cpu?.cores ?? "unknown"} cores, ${gpus?.length ?? "unknown"} GPUs`;
}

/** Asks again, for as long as an agent may take to come up; but not what will never be answered otherwise. */
async function untilAnswered<T>(
  { parts, signal }: Job,
  [code, failure]: readonly [code: FailureCode, failure: string],
  ask: () => Promise<T>,
): Promise<T> {
  const late = AbortSignal.timeout(parts.timeouts.healthMs);
  for (;;) {
    try {
      return await unlessAborted(signal, ask());
    } catch (error) {
      if (!(error instanceof ProbeError && error.code === "HIVE_UNREACHABLE")) throw error;
      if (late.aborted) throw new StepFailure(code, `${failure}: ${reasonOf(error)}`, { cause: error });
      await delay(HEALTH_POLL_MS, undefined, { signal });
    }
  }
}
