import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startTimeOf } from "@repo/processes";
import { mountSmallDisk } from "@repo/test-support/mount";
import { expect, onTestFinished, test, vi } from "vitest";
import { fakeProgram, temporaryFolder } from "../testing.ts";
import { control } from "./control.ts";

/**
 * In the place of `systemctl --user`, whose manager does not run where the tests do: `restart` runs what the unit says, with its standard
 * error where that says, and `show` answers `ended` once that has ended. It fails once there is a file `gone`.
 */
const systemctl = (folder: string, ended: string) => `cd ${folder}
[ "$1" = --user ] && [ "$XDG_RUNTIME_DIR" = /run/user/${process.getuid?.()} ] && [ ! -f gone ] || exit 1
case "$2" in
  show-environment | daemon-reload | enable) ;;
  restart)
    unit=$HOME/.config/systemd/user/$3
    { eval "$(sed -n s/^ExecStart=//p "$unit")"; touch ended; } >output 2>>"$(sed -n s/^StandardError=file://p "$unit")" & ;;
  show) if [ -f ended ]; then printf '${ended}'; else printf 'ActiveState=active\\nSubState=running\\n'; fi ;;
  stop) touch stopped ;;
  *) exit 1 ;;
esac`;

/** An agent, which is a program of the test, under a systemd of the test. */
function agentUnderSystemd(
  program: string,
  { ended = "ActiveState=failed\\nSubState=failed\\n", lingers = "yes" } = {},
) {
  const folder = temporaryFolder();
  const home = join(folder, "gpu-01");
  mkdirSync(home);
  writeFileSync(join(home, "hive.env"), "HIVE_ID=gpu-01\n");
  writeFileSync(join(home, "agent.mjs"), program);
  fakeProgram(folder, "systemctl", systemctl(folder, ended));
  // As where polkit is missing, without which nobody may change it for himself.
  fakeProgram(folder, "loginctl", `[ "$1 $3" = "show-user --property=Linger" ] && echo Linger=${lingers}`);
  vi.stubEnv("HOME", folder);
  // As of whoever became this user by `su`.
  vi.stubEnv("XDG_RUNTIME_DIR", "/run/user/4711");
  vi.stubEnv("PATH", `${folder}:${process.env.PATH}`);
  onTestFinished(() => void vi.unstubAllEnvs());
  const read = (name: string) => readFileSync(join(folder, name), "utf8");
  const endSystemd = () => writeFileSync(join(folder, "gone"), "");
  const errors = join(home, "hive.err");
  return { endSystemd, errors, run: (command: string) => said(() => control(command, join(home, "agent.mjs"))), read };
}

/** What a command prints, and its exit code. */
async function said(command: () => Promise<void>) {
  const written = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    vi.spyOn(process[name], "write").mockImplementation((text: string | Uint8Array, ...rest: unknown[]) => {
      written[name] += text;
      const done = rest.at(-1);
      if (typeof done === "function") done();
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
  const agent = agentUnderSystemd(PORT_TAKEN, { ended });
  writeFileSync(agent.errors, "hive: port 8600, which was taken before, and in more words than now, is taken\n");
  expect(await agent.run("service")).toMatchObject({ stdout: "systemd unit hive-agent-gpu-01.service\n" });
  expect(await agent.run("start")).toEqual({ exitCode: 1, stdout: "", stderr: "hive: port 8600 is taken\n" });
  expect(agent.read("stopped")).toBe("");
});

test("of an agent that said nothing, it is told where systemd's own words stand", async () => {
  const agent = agentUnderSystemd("process.exit(1);");
  await agent.run("service");
  expect(await agent.run("start")).toMatchObject({
    exitCode: 1,
    stderr: "hive: the agent ended at once; journalctl --user-unit=hive-agent-gpu-01.service may say why\n",
  });
});

// The process that it notes is that of the test, which runs.
const LISTENING = `import { writeFileSync } from "node:fs";
  writeFileSync(new URL("hive.pid", import.meta.url), ${JSON.stringify(`${process.pid} ${startTimeOf(process.pid)}\n`)});`;

test("a unit whose agent listens is started", async () => {
  const agent = agentUnderSystemd(LISTENING);
  await agent.run("service");
  expect(await agent.run("start")).toEqual({
    exitCode: 0,
    stdout: `started (process ${process.pid})\n`,
    stderr: "",
  });
});

test("an agent whose systemd no longer serves its user is installed again as a process", async () => {
  const agent = agentUnderSystemd(LISTENING);
  await agent.run("service");
  agent.endSystemd();
  expect(await agent.run("service")).toMatchObject({ stdout: "no systemd for this user: a process file\n" });
  expect(await agent.run("stop")).toEqual({ exitCode: 0, stdout: "not running\n", stderr: "" });
  expect(await agent.run("start")).toMatchObject({ exitCode: 0, stdout: `started (process ${process.pid})\n` });
});

test("an agent whose systemd ends with the sessions of its user runs as a process", async () => {
  const agent = agentUnderSystemd(LISTENING, { lingers: "no" });
  const { stdout } = await agent.run("service");
  expect(stdout).toMatch(/^no systemd without a session of this user, until root runs .* \d+: a process file\n$/);
  expect(await agent.run("start")).toMatchObject({ exitCode: 0, stdout: `started (process ${process.pid})\n` });
  expect(() => agent.read(".config/systemd/user/hive-agent-gpu-01.service")).toThrow("ENOENT");
});

test("an agent that says nothing is told by how it ended, and by the disk where that has no room for its words", async () => {
  const folder = temporaryFolder();
  using disk = mountSmallDisk(join(folder, "gpu-01"), 65_536);
  writeFileSync(join(disk.path, "hive.env"), "HIVE_ID=gpu-01\n");
  writeFileSync(join(disk.path, "agent.mjs"), "process.exit(3);");
  vi.stubEnv("HOME", folder);
  onTestFinished(() => void vi.unstubAllEnvs());
  const start = () => said(() => control("start", join(disk.path, "agent.mjs")));
  expect(await start()).toMatchObject({ exitCode: 1, stderr: "hive: the agent ended at once (exit code 3)\n" });
  writeFileSync(join(disk.path, "agent.mjs"), PORT_TAKEN);
  writeFileSync(join(disk.path, "hive.err"), "");
  expect(() => writeFileSync(join(disk.path, "models"), Buffer.alloc(65_536))).toThrow("ENOSPC");
  expect(await start()).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("no space left on device") });
});
