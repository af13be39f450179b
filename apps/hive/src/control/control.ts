import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { isRunning, type ProcessIdentity } from "@repo/processes";
import { print } from "@repo/settings";
import { readPidFile } from "./pid-file.ts";
import { lastWords, NODE_FLAGS, type Starting } from "./starting.ts";
import { installUnit, isUnitInstalled, startUnit, stopUnit } from "./systemd.ts";

const POLL_MS = 50;
const START_TIMEOUT_MS = 20_000;
/** The agent itself takes at most 3 s to stop. */
const TERM_TIMEOUT_MS = 8_000;
const KILL_TIMEOUT_MS = 5_000;

/** The files around the agent: what it is told, where it says its process id, and what it says when it cannot start. */
interface Installation {
  agent: string;
  settings: string;
  pidFile: string;
  errors: string;
}

const COMMANDS: Record<string, (installation: Installation) => string | Promise<string>> = {
  start,
  stop,
  status: ({ pidFile }) => said(readPidFile(pidFile), "running", "stopped"),
  service: installUnit,
};

/** Runs one command on the agent in the file `agent` and its folder: prints one line and sets the exit code. */
export async function control(command: string, agent: string): Promise<void> {
  const folder = dirname(agent);
  const run = COMMANDS[command];
  try {
    if (run === undefined)
      throw new Error(`takes ${Object.keys(COMMANDS).join(", ")}, not "${command}"; --help shows what there is`);
    const installation = {
      agent,
      settings: join(folder, "hive.env"),
      pidFile: join(folder, "hive.pid"),
      errors: join(folder, "hive.err"),
    };
    await print("hive", `${await run(installation)}\n`);
  } catch (error) {
    process.stderr.write(`hive: ${error instanceof Error ? error.message : error}\n`);
    process.exitCode = run === undefined ? 2 : 1;
  }
}

const said = (running: ProcessIdentity | undefined, whenRunning: string, otherwise: string): string =>
  running === undefined ? otherwise : `${whenRunning} (process ${running.pid})`;

/** Only the agent that got the port writes the process file: two that are started at once cannot both stay. */
async function start(installation: Installation): Promise<string> {
  const { pidFile, agent, settings, errors } = installation;
  const before = readPidFile(pidFile);
  if (before !== undefined) return said(before, "already running", "");
  if (!existsSync(settings)) throw new Error(`there are no settings for the agent: ${settings} is missing`);
  rmSync(pidFile, { force: true });
  const starting = isUnitInstalled(agent) ? await startUnit(agent, errors) : launch(installation);
  let problem: string | undefined;
  const running = await poll(START_TIMEOUT_MS, async () => {
    // Before the file is read: whoever wrote it, and runs, listens.
    problem = await starting.whyEnded();
    return readPidFile(pidFile) ?? problem;
  });
  if (typeof running === "object") return said(running, "started", "");
  await starting.giveUp();
  throw new Error(problem ?? `the agent does not listen after ${START_TIMEOUT_MS / 1000} s`);
}

/** In a session of its own, so that it outlives whoever starts it. Its settings come from the file alone. */
function launch({ agent, settings, errors }: Installation): Starting {
  const output = openSync(errors, "w", 0o600);
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("HIVE_")));
  const child = spawn(process.execPath, [...NODE_FLAGS, `--env-file=${settings}`, agent], {
    cwd: dirname(agent),
    detached: true,
    env,
    stdio: ["ignore", "ignore", output],
  });
  closeSync(output);
  child.unref();
  return {
    async whyEnded() {
      const { exitCode, signalCode } = child;
      if (exitCode === null && signalCode === null) return undefined;
      const said = lastWords(readFileSync(errors, "utf8"));
      if (said !== "") return said;
      const silent = `the agent ended at once (${signalCode ?? `exit code ${exitCode}`})`;
      // What leaves no room for this left none for what the agent said.
      writeFileSync(errors, `${silent}\n`);
      return silent;
    },
    giveUp: async () => void child.kill("SIGKILL"),
  };
}

async function stop({ agent, pidFile }: Installation): Promise<string> {
  if (isUnitInstalled(agent)) await stopUnit(agent);
  const running = readPidFile(pidFile);
  if (running === undefined) return isUnitInstalled(agent) ? "stopped" : "not running";
  process.kill(running.pid, "SIGTERM");
  if (await ended(running, TERM_TIMEOUT_MS)) return said(running, "stopped", "");
  process.kill(running.pid, "SIGKILL");
  if (await ended(running, KILL_TIMEOUT_MS)) return said(running, "killed, since it did not stop", "");
  throw new Error(`process ${running.pid} does not end, not even when it is killed`);
}

const ended = (running: ProcessIdentity, timeoutMs: number): Promise<true | undefined> =>
  poll(timeoutMs, () => (isRunning(running) ? undefined : true));

/** Asks until there is an answer, or the time is up. */
async function poll<T>(timeoutMs: number, ask: () => T | undefined | Promise<T | undefined>): Promise<T | undefined> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined || performance.now() > deadlineMs) return answer;
    await wait(POLL_MS);
  }
}
