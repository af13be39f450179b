import { spawn, spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { NamedPipe } from "@repo/test-support/named-pipe";
import { expect, onTestFinished, test } from "vitest";
import { eventually, temporaryFolder } from "../../src/testing.ts";
import { isAlive, onlineHive, pathOf, START, settingsOfFleet, startFleet } from "./fleet.ts";

// That it takes along those that run is shown by start.test.ts.
test("SIGKILL takes along a queen that is only starting", async () => {
  const fleet = startFleet(temporaryFolder());
  const queen = await eventually(() => fleet.pidOf("queen") || undefined, "a queen");
  fleet.process.kill("SIGKILL");
  await eventually(() => (isAlive(queen) ? undefined : true), "the end of the queen");
});

test("queen and hive run on where nobody reads any more what is said of them, and SIGINT that comes twice, from the terminal and from pnpm, still stops both in order", async () => {
  const fleet = startFleet(temporaryFolder());
  fleet.process.stderr?.destroy();
  await onlineHive(fleet);
  fleet.process.kill("SIGINT");
  fleet.process.kill("SIGINT");
  expect(await fleet.ended).toBe(0);
});

test("SIGTERM ends it also where nobody takes what it has to say", async () => {
  const folder = temporaryFolder();
  using pipe = new NamedPipe(join(folder, "unread"));
  pipe.fill();
  const stderr = openSync(pipe.path, "w");
  const start = spawn(process.execPath, [START], { env: settingsOfFleet(folder), stdio: ["ignore", "pipe", stderr] });
  closeSync(stderr);
  const ended = new Promise((resolve) => start.on("exit", (code, signal) => resolve(code ?? signal)));
  onTestFinished(() => void start.kill("SIGKILL"));
  let log = "";
  start.stdout?.setEncoding("utf8").on("data", (text: string) => {
    log += text;
  });
  await eventually(() => (log.includes("devices detected") ? true : undefined), "a hive that runs");
  start.kill("SIGTERM");
  expect(await ended).toBe(0);
});

test.each([
  ["start", "start: next: "],
  ["queen", "queen listening"],
  ["hive", "hive listening"],
])(
  "Ctrl-C ends the script of pnpm %s in order, although pnpm passes on to its shell what the terminal sent to all",
  async (name, whenReady) => {
    const root = pathOf("");
    const { scripts } = JSON.parse(readFileSync(`${root}/package.json`, "utf8")) as { scripts: Record<string, string> };
    const shell = spawn("sh", ["-c", `${scripts[name]}`], {
      cwd: root,
      env: settingsOfFleet(temporaryFolder()),
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const ended = new Promise((resolve) => shell.on("close", (code, signal) => resolve(code ?? signal)));
    let said = "";
    for (const stream of [shell.stdout, shell.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        said += text;
      });
    }
    await eventually(() => (said.includes(whenReady) ? true : undefined), whenReady);
    process.kill(-(shell.pid ?? 0), "SIGINT");
    shell.kill("SIGINT");
    expect(await ended).toBe(0);
  },
);

/** A script of the repository, with a Ctrl-C before its program has begun anything. */
function interruptEarly(name: string, args = "") {
  const { scripts } = JSON.parse(readFileSync(pathOf("package.json"), "utf8")) as { scripts: Record<string, string> };
  // What starts a program takes its own arguments away just before.
  const kill = "process.argv.splice=function(...a){process.kill(process.pid,'SIGINT');return[].splice.apply(this,a)}";
  const { status, signal, stdout, stderr } = spawnSync("sh", ["-c", `${scripts[name]} ${args}`], {
    cwd: pathOf(""),
    env: { ...settingsOfFleet(temporaryFolder()), NODE_OPTIONS: `--import=data:text/javascript,${kill}` },
    encoding: "utf8",
    timeout: 30_000,
  });
  return { status, signal, stdout, stderr };
}

test.each(["start", "demo", "queen", "hive"])(
  "Ctrl-C before pnpm %s has begun anything ends it in order too",
  (name) => {
    const { stdout, ...end } = interruptEarly(name);
    expect(end).toEqual({ status: 0, signal: null, stderr: "" });
    // Where Node hands the signal on later, the program has its own end by then, and says that alone.
    expect(stdout.replaceAll(/^\{.*"msg":"(queen|hive) (stopping|stopped)"\}\n/gm, "")).toBe("");
  },
);

test.each([
  ["queen", "token list"],
  ["hive", "--once"],
  ["hivectl", "status"],
])("Ctrl-C before pnpm %s %s has begun anything ends it undone", (name, args) => {
  expect(interruptEarly(name, args)).toEqual({ status: null, signal: "SIGINT", stdout: "", stderr: "" });
});

test.each([
  ["queen", "hive"],
  ["hive", "queen"],
] as const)("when the %s dies the %s is stopped, and the exit code says so", async (victim, other) => {
  const fleet = startFleet(temporaryFolder());
  await onlineHive(fleet);
  const survivor = fleet.pidOf(other);
  process.kill(fleet.pidOf(victim), "SIGKILL");
  expect(await fleet.ended).toBe(1);
  expect(fleet.stderr()).toContain(`start: the ${victim} has ended (SIGKILL)`);
  expect(isAlive(survivor)).toBe(false);
});
