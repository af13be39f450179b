import { execFile } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";

const TIMEOUT_MS = 15_000;
const run = promisify(execFile);

/** The folder of the agent has the id of its hive for a name. */
const unitNameOf = (agent: string): string => `hive-agent-${basename(dirname(agent))}.service`;
const unitPathOf = (agent: string): string => join(homedir(), ".config/systemd/user", unitNameOf(agent));

/** One word of ExecStart: systemd reads quotes, backslashes, % and $ in it. */
const word = (text: string): string =>
  `"${text.replace(/[\\"]/g, "\\$&").replaceAll("%", "%%").replaceAll("$", "$$$$")}"`;

/** The unit that runs the agent with `node`. */
export function unitOf(node: string, agent: string, settings: string): string {
  return `[Unit]
Description=Hive agent ${basename(dirname(agent))}

[Service]
WorkingDirectory=${dirname(agent).replaceAll("%", "%%")}
ExecStart=${[node, `--env-file=${settings}`, agent].map(word).join(" ")}
Restart=on-failure
RestartPreventExitStatus=2
RestartSec=2
TimeoutStopSec=10

[Install]
WantedBy=default.target
`;
}

/** Puts the agent under the user's systemd where there is one, and says in one line what will run it. */
export async function installUnit(agent: string, settings: string): Promise<string> {
  if (!(await systemctl("show-environment").then(succeeded, failed))) return "no systemd for this user: a process file";
  const path = unitPathOf(agent);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, unitOf(process.execPath, agent, settings));
  await systemctl("daemon-reload");
  await systemctl("enable", unitNameOf(agent));
  // Without it the units of a user end with the user's last session.
  const lingers = await run("loginctl", ["enable-linger"], { timeout: TIMEOUT_MS }).then(succeeded, failed);
  const until = lingers ? "" : "; it ends with this user's last session until someone runs loginctl enable-linger";
  return `systemd unit ${unitNameOf(agent)}${until}`;
}

export const isUnitInstalled = (agent: string): boolean => existsSync(unitPathOf(agent));

export async function startUnit(agent: string): Promise<undefined> {
  await systemctl("restart", unitNameOf(agent));
}

export async function stopUnit(agent: string): Promise<void> {
  await systemctl("stop", unitNameOf(agent));
}

const succeeded = () => true;
const failed = () => false;

/** A session without a login of its own, such as ssh with a command, may lack the variable by which systemctl finds its manager. */
function systemctl(...args: string[]): Promise<unknown> {
  const runtime = process.env.XDG_RUNTIME_DIR ?? `/run/user/${process.getuid?.()}`;
  return run("systemctl", ["--user", ...args], {
    timeout: TIMEOUT_MS,
    env: { ...process.env, XDG_RUNTIME_DIR: runtime },
  });
}
