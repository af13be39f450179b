import { setTimeout as delay } from "node:timers/promises";
import { unlessAborted } from "../../process/abort.ts";
import { ForeseenError, reasonOf } from "../../process/errors.ts";
import { ProbeError } from "../../reach/probe.ts";
import { script } from "../host.ts";
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
  throw new ForeseenError(
    `the queen installed no agent in ~/${job.folder} on ${job.host.name}: stop the one that answers where it was started`,
  );
}

const notInstalled = (job: Job): ForeseenError =>
  new ForeseenError(`the agent is not installed in ~/${job.folder} on ${job.host.name}: install it first`);

/** Whether a hive of this id answers at the hive's address. */
function answers({ parts, hive, signal }: Job): Promise<boolean> {
  const health = parts.probe.health(hive.id, hive).then(
    () => true,
    () => false,
  );
  return unlessAborted(signal, health);
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

export async function connect(job: Job): Promise<Outcome> {
  const host = await job.openHost();
  const system = await host.run(["uname", "-sm"], { signal: job.signal });
  return `${host.name}: ${system}`;
}

export async function service(job: Job): Promise<Outcome> {
  return job.isLocal ? { skipped: "a process file" } : controlInstalled(job, "service");
}

export async function stop(job: Job): Promise<Outcome> {
  const said = await controlInstalled(job, "stop");
  if (said !== "not running" || !(await answers(job))) return said;
  throw new ForeseenError("a hive of this id answers, but this queen did not start it: stop it where it was started");
}

export const start = (job: Job): Promise<Outcome> => controlInstalled(job, "start");

/** Waits until the agent answers over the network, as this hive. */
export async function waitForHealth(job: Job): Promise<Outcome> {
  const { parts, hive } = job;
  await untilAnswered(job, "the agent runs, but does not answer", () => parts.probe.health(hive.id, hive));
  return `${hive.host}:${hive.port} answers`;
}

export async function detectDevices(job: Job): Promise<Outcome> {
  const { parts, hive } = job;
  const ask = () => parts.fleet.devices.detect(hive.id, hive);
  const { cpu, gpus } = await untilAnswered(job, "the agent does not tell its devices", ask);
  return `${cpu?.cores ?? "unknown"} cores, ${gpus?.length ?? "unknown"} GPUs`;
}

/** Asks again, for as long as an agent may take to come up; but not what will never be answered otherwise. */
async function untilAnswered<T>({ parts, signal }: Job, failure: string, ask: () => Promise<T>): Promise<T> {
  const late = AbortSignal.timeout(parts.timeouts.healthMs);
  for (;;) {
    try {
      return await unlessAborted(signal, ask());
    } catch (error) {
      if (!(error instanceof ProbeError && error.code === "HIVE_UNREACHABLE")) throw error;
      if (late.aborted) throw new ForeseenError(`${failure}: ${reasonOf(error)}`, { cause: error });
      await delay(HEALTH_POLL_MS, undefined, { signal });
    }
  }
}
