import { execFile } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
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

/** The unit that runs the agent with `node`. */
export function unitOf(node: string, agent: string, settings: string): string {
  return `[Unit]
Description=Hive agent ${basename(dirname(agent))}

[Service]
WorkingDirectory=${dirname(agent).replaceAll("%", "%%")}
ExecStart=${[node, ...NODE_FLAGS, `--env-file=${settings}`, agent].map(word).join(" ")}
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
  const path = unitPathOf(agent);
  if (!(await systemctl("show-environment").then(succeeded, failed))) {
    // One of former times would be started by nobody.
    rmSync(path, { force: true });
    return "no systemd for this user: a process file";
  }
  makeFolders(dirname(path));
  writeFileSync(path, unitOf(process.execPath, agent, settings));
  await systemctl("daemon-reload");
  await systemctl("enable", unitNameOf(agent));
  // Without it the units of a user end with the user's last session.
  const lingers = await run("loginctl", ["enable-linger"], { timeout: TIMEOUT_MS }).then(succeeded, failed);
  const until = lingers ? "" : "; it ends with this user's last session until someone runs loginctl enable-linger";
  return `systemd unit ${unitNameOf(agent)}${until}`;
}

export const isUnitInstalled = (agent: string): boolean => existsSync(unitPathOf(agent));

export async function startUnit(agent: string): Promise<Starting> {
  const startedS = Math.floor(Date.now() / 1000);
  await systemctl("restart", unitNameOf(agent));
  return {
    whyEnded: async () => ((await hasEnded(agent)) ? whyEnded(agent, startedS) : undefined),
    giveUp: () => stopUnit(agent),
  };
}

/** A unit is active as soon as its process is there. One whose process has ended may be waiting for its next turn. */
async function hasEnded(agent: string): Promise<boolean> {
  const { stdout } = await systemctl("show", "--property=ActiveState,SubState", unitNameOf(agent));
  return /^(?:ActiveState=(?:failed|inactive)|SubState=auto-restart)$/m.test(stdout);
}

/** What its process said since; systemd's own lines stand between those in the journal, and are all there is when it said nothing. */
async function whyEnded(agent: string, startedS: number): Promise<string> {
  const unit = `--user-unit=${unitNameOf(agent)}`;
  const flags = [unit, `--since=@${startedS}`, "--lines=20", "--output=cat", "--no-pager", "--quiet"];
  const journal = await run("journalctl", flags, { timeout: TIMEOUT_MS }).then(
    ({ stdout }) => stdout,
    () => "",
  );
  const own = journal.match(/^hive: .*$/gm)?.join("\n") ?? journal;
  return lastWords(own) || `the agent ended at once; journalctl ${unit} may say why`;
}

export async function stopUnit(agent: string): Promise<void> {
  await systemctl("stop", unitNameOf(agent));
}

const succeeded = () => true;
const failed = () => false;

/** A session without a login of its own, such as ssh with a command, may lack the variable by which systemctl finds its manager. */
function systemctl(...args: string[]): Promise<{ stdout: string }> {
  const runtime = process.env.XDG_RUNTIME_DIR ?? `/run/user/${process.getuid?.()}`;
  return run("systemctl", ["--user", ...args], {
    timeout: TIMEOUT_MS,
    env: { ...process.env, XDG_RUNTIME_DIR: runtime },
  });
}
