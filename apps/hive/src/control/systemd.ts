import { execFile } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { makeFolders } from "@repo/settings";
import { lastWords, NODE_FLAGS, type Starting } from "./starting.ts";

const TIMEOUT_MS = 15_000;
const run = promisify(execFile);

/** The folder of the agent has the id of its hive for a name. */
const unitNameOf = (agent: string): string => `hive-agent-${basename(dirname(agent))}.service`;
const unitPathOf = (agent: string): string => join(homedir(), ".config/systemd/user", unitNameOf(agent));

/** One word of ExecStart: systemd reads quotes, backslashes, % and $ in it. */
const word = (text: string): string =>
  `"${text.replace(/[\\"]/g, "\\$&").replaceAll("%", "%%").replaceAll("$", "$$$$")}"`;

interface UnitFiles {
  node: string;
  agent: string;
  settings: string;
  /** The journal of a user is often for root alone. */
  errors: string;
}

/** The unit that runs the agent with `node`. */
export function unitOf({ node, agent, settings, errors }: UnitFiles): string {
  return `[Unit]
Description=Hive agent ${basename(dirname(agent))}

[Service]
WorkingDirectory=${dirname(agent).replaceAll("%", "%%")}
ExecStart=${[node, ...NODE_FLAGS, `--env-file=${settings}`, agent].map(word).join(" ")}
StandardError=file:${errors.replaceAll("%", "%%")}
Restart=on-failure
RestartPreventExitStatus=2
RestartSec=2
TimeoutStopSec=10

[Install]
WantedBy=default.target
`;
}

/** Puts the agent under the user's systemd where that outlives the sessions of the user, and says in one line what will run it. */
export async function installUnit(files: Omit<UnitFiles, "node">): Promise<string> {
  const { agent } = files;
  const path = unitPathOf(agent);
  const why = await whyNoUnit();
  if (why !== undefined) {
    // One of former times would be started by nobody, or end with a session.
    rmSync(path, { force: true });
    return `${why}: a process file`;
  }
  makeFolders(dirname(path));
  writeFileSync(path, unitOf({ node: process.execPath, ...files }));
  await systemctl("daemon-reload");
  await systemctl("enable", unitNameOf(agent));
  return `systemd unit ${unitNameOf(agent)}`;
}

async function whyNoUnit(): Promise<string | undefined> {
  if (!(await systemctl("show-environment").then(succeeded, failed))) return "no systemd for this user";
  if (await lingers()) return undefined;
  return `no systemd without a session of this user, until root runs loginctl enable-linger ${process.getuid?.()}`;
}

/** Units of a user who does not linger end with the last session, such as that of the queen. Who may not change it may linger all the same. */
async function lingers(): Promise<boolean> {
  await loginctl("enable-linger").catch(() => undefined);
  const { stdout } = await loginctl("show-user", `${process.getuid?.()}`, "--property=Linger").catch(() => ({
    stdout: "",
  }));
  return stdout === "Linger=yes\n";
}

export const isUnitInstalled = (agent: string): boolean => existsSync(unitPathOf(agent));

export async function startUnit(agent: string, errors: string): Promise<Starting> {
  // systemd begins at its start, and leaves what stands behind.
  writeFileSync(errors, "", { mode: 0o600 });
  await systemctl("restart", unitNameOf(agent));
  return {
    whyEnded: async () => ((await hasEnded(agent)) ? whyEnded(agent, errors) : undefined),
    giveUp: () => stopUnit(agent),
  };
}

/** A unit is active as soon as its process is there. One whose process has ended may be waiting for its next turn. */
async function hasEnded(agent: string): Promise<boolean> {
  const { stdout } = await systemctl("show", "--property=ActiveState,SubState", unitNameOf(agent));
  return /^(?:ActiveState=(?:failed|inactive)|SubState=auto-restart)$/m.test(stdout);
}

const whyEnded = (agent: string, errors: string): string =>
  lastWords(readFileSync(errors, "utf8")) ||
  `the agent ended at once; journalctl --user-unit=${unitNameOf(agent)} may say why`;

export async function stopUnit(agent: string): Promise<void> {
  await systemctl("stop", unitNameOf(agent));
}

const succeeded = () => true;
const failed = () => false;

const loginctl = (...args: string[]) => run("loginctl", args, { timeout: TIMEOUT_MS });

/** By its place, which is always this one: a session such as that of `ssh` with a command may lack the variable, and one of `su` has that of another user. */
function systemctl(...args: string[]): Promise<{ stdout: string }> {
  return run("systemctl", ["--user", ...args], {
    timeout: TIMEOUT_MS,
    env: { ...process.env, XDG_RUNTIME_DIR: `/run/user/${process.getuid?.()}` },
  });
}
