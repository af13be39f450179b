import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startTimeOf } from "@repo/processes";
import { expect, onTestFinished, test, vi } from "vitest";
import { fakeProgram, temporaryFolder } from "../testing.ts";
import { control } from "./control.ts";

/**
 * In the place of `systemctl --user`, whose manager does not run where the tests do: `restart` runs what the unit says, with its standard
 * error in the journal, and `show` answers `ended` once that has ended.
 */
const systemctl = (folder: string, ended: string) => `cd ${folder}
[ "$1" = --user ] || exit 1
case "$2" in
  show-environment | daemon-reload | enable) ;;
  restart) { eval "$(sed -n s/^ExecStart=//p "$HOME/.config/systemd/user/$3")"; touch ended; } >output 2>>journal & ;;
  show) if [ -f ended ]; then printf '${ended}'; else printf 'ActiveState=active\\nSubState=running\\n'; fi ;;
  stop) touch stopped ;;
  *) exit 1 ;;
esac`;

/** An agent, which is a program of the test, under a systemd of the test. */
function agentUnderSystemd(
  program: string,
  { ended = "ActiveState=failed\\nSubState=failed\\n", journal = "cat journal" } = {},
) {
  const folder = temporaryFolder();
  const home = join(folder, "gpu-01");
  mkdirSync(home);
  writeFileSync(join(home, "hive.env"), "HIVE_ID=gpu-01\n");
  writeFileSync(join(home, "agent.mjs"), program);
  fakeProgram(folder, "systemctl", systemctl(folder, ended));
  fakeProgram(folder, "loginctl", "");
  fakeProgram(folder, "journalctl", `cd ${folder} && ${journal}`);
  vi.stubEnv("HOME", folder);
  vi.stubEnv("PATH", `${folder}:${process.env.PATH}`);
  onTestFinished(() => void vi.unstubAllEnvs());
  const read = (name: string) => readFileSync(join(folder, name), "utf8");
  return { run: (command: string) => said(() => control(command, join(home, "agent.mjs"))), read };
}

/** What a command prints, and its exit code. */
async function said(command: () => Promise<void>) {
  const written = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    vi.spyOn(process[name], "write").mockImplementation((text) => {
      written[name] += text;
      return true;
    });
  }
  const before = process.exitCode;
  try {
    process.exitCode = 0;
    await command();
    return { exitCode: process.exitCode, ...written };
  } finally {
    process.exitCode = before;
    vi.restoreAllMocks();
  }
}

const PORT_TAKEN = 'console.error("hive: port 8600 is taken"); process.exit(1);';

test.each([
  ["has failed", "ActiveState=failed\\nSubState=failed\\n"],
  ["waits for its next turn", "ActiveState=activating\\nSubState=auto-restart\\n"],
])("a unit that %s is said with what the agent said, and is not started again", async (_what, ended) => {
  const journal = "echo Started Hive agent gpu-01.; cat journal; echo Failed with result exit-code.";
  const agent = agentUnderSystemd(PORT_TAKEN, { ended, journal });
  expect(await agent.run("service")).toMatchObject({ stdout: "systemd unit hive-agent-gpu-01.service\n" });
  expect(await agent.run("start")).toEqual({ exitCode: 1, stdout: "", stderr: "hive: port 8600 is taken\n" });
  expect(agent.read("stopped")).toBe("");
});

test("of an agent that said nothing systemd's own words are told, and without those where they may stand", async () => {
  const told = agentUnderSystemd("process.exit(1);", { journal: "echo Main process exited." });
  await told.run("service");
  expect(await told.run("start")).toMatchObject({ exitCode: 1, stderr: "hive: Main process exited.\n" });
  const untold = agentUnderSystemd("process.exit(1);", { journal: "exit 1" });
  await untold.run("service");
  expect(await untold.run("start")).toMatchObject({
    exitCode: 1,
    stderr: "hive: the agent ended at once; journalctl --user-unit=hive-agent-gpu-01.service may say why\n",
  });
});

test("a unit whose agent listens is started", async () => {
  // The process that it notes is that of the test, which runs.
  const pidFile = `${process.pid} ${startTimeOf(process.pid)}\n`;
  const listening = `import { writeFileSync } from "node:fs";
    writeFileSync(new URL("hive.pid", import.meta.url), ${JSON.stringify(pidFile)});`;
  const agent = agentUnderSystemd(listening);
  await agent.run("service");
  expect(await agent.run("start")).toEqual({
    exitCode: 0,
    stdout: `started (process ${process.pid})\n`,
    stderr: "",
  });
});
