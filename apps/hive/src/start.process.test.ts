import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import os, { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { bundleOf } from "../../../scripts/build/cache.js";
import { eventually, fakeProgram, hangingScript, type LogLine, newMarker, temporaryFolder } from "./testing.ts";

const pathOf = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const START = await bundleOf(pathOf("../../../scripts/start.js"));
const QUEEN = await bundleOf(pathOf("../../queen/src/main.ts"));
const HIVE = await bundleOf(pathOf("./agent.ts"));
/** What start runs: the bundles beside its own. */
const STARTED = { queen: join(dirname(START), "main.js"), hive: join(dirname(START), "agent.js") };
const run = (script: string, ...args: string[]) =>
  spawnSync(process.execPath, [script, ...args], {
    encoding: "utf8",
    timeout: 30_000,
    env: { PATH: process.env.PATH },
  });
const cpu = { cores: os.availableParallelism(), ram_gb: Math.round(os.totalmem() / 1024 ** 3) };

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

interface Fleet {
  process: ChildProcess;
  stderr: () => string;
  /** Of the log of both. */
  messages: () => string[];
  queenUrl: () => Promise<string>;
  hivePort: () => Promise<number>;
  /** Process id of the queen or the hive. */
  pidOf: (name: "queen" | "hive") => number;
  ended: Promise<number | NodeJS.Signals | null>;
}

/** Free ports, and a catalog in `folder`. */
const settingsOfFleet = (folder: string): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  QUEEN_PORT: "0",
  HIVE_PORT: "0",
  QUEEN_DATABASE: join(folder, "hives.db"),
  QUEEN_ALLOWED_HOSTS: "127.0.0.0/8,::1",
});

/** Runs the start script on free ports, with a catalog in `folder`. What it started ends with the test. */
function startFleet(folder: string, env: Record<string, string> = {}): Fleet {
  const child = spawn(process.execPath, [START], {
    env: { ...settingsOfFleet(folder), ...env },
    cwd: tmpdir(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const log: LogLine[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => log.push(JSON.parse(line)));
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.on("close", (code, signal) => resolve(code ?? signal));
  });
  onTestFinished(async () => {
    child.kill("SIGTERM");
    await ended;
  });
  const listening = (name: string) =>
    eventually(() => log.find(({ msg }) => msg === `${name} listening`), `${name} listening, after: ${stderr}`);
  return {
    process: child,
    stderr: () => stderr,
    messages: () => log.map(({ msg }) => msg),
    queenUrl: async () => `http://127.0.0.1:${(await listening("queen")).port}`,
    hivePort: async () => Number((await listening("hive")).port),
    pidOf: (name) => {
      const lines = execFileSync("/bin/ps", ["-e", "-o", "ppid=,pid=,args="], { encoding: "utf8" }).split("\n");
      const words = lines.map((line) => line.trim().split(/\s+/));
      return Number(
        words.find(([parent, , ...args]) => parent === String(child.pid) && args.at(-1) === STARTED[name])?.[1],
      );
    },
    ended,
  };
}

type Hive = {
  id: string;
  host: string;
  port: number;
  status: string;
  devices: { cpu: unknown } | null;
  created_at_ms: number;
};

/** The local hive, once it is online and its devices are known. */
async function onlineHive(fleet: Fleet, id = "localhost"): Promise<Hive> {
  const url = `${await fleet.queenUrl()}/v1/hives/${id}`;
  return eventually(async () => {
    const response = await fetch(url);
    const hive = (await response.json()) as Hive;
    return response.ok && hive.status === "online" && hive.devices !== null ? hive : undefined;
  }, `hive ${id} online with its devices`);
}

test("one command shows this machine as an online hive, and again after a restart", async () => {
  const folder = temporaryFolder();
  const first = startFleet(folder);
  const before = await onlineHive(first);
  expect(before).toMatchObject({ id: "localhost", host: "127.0.0.1", devices: { cpu } });
  // Before it can beat: a beat of a hive that nobody added is refused, logged and counted.
  const told = first.messages().filter((message) => message === "hive added" || message === "hive listening");
  expect(told).toEqual(["hive added", "hive listening"]);
  const pids = [first.pidOf("queen"), first.pidOf("hive")];
  const moved = await fetch(`${await first.queenUrl()}/v1/hives/localhost`, {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: '{"host":"127.0.0.9"}',
  });
  expect(moved.status).toBe(200);
  first.process.kill("SIGTERM");
  expect(await first.ended).toBe(0);
  const url = await first.queenUrl();
  const [, shown = ""] = /```\n(start: running.*?)```/s.exec(readFileSync(pathOf("../../../README.md"), "utf8")) ?? [];
  const here = shown.replaceAll("http://127.0.0.1:8500", url).replace("8600", `${before.port}`);
  expect(first.stderr()).toBe(here.replace("/home/you/hive-catalog/data", folder));
  expect(pids.filter(isAlive)).toEqual([]);

  const second = startFleet(folder);
  const port = await second.hivePort();
  const after = await eventually(async () => {
    const hive = await onlineHive(second);
    return hive.port === port && hive.host === "127.0.0.1" ? hive : undefined;
  }, "the hive at the host and port that it has now");
  expect(after.created_at_ms).toBe(before.created_at_ms);
  expect(second.stderr()).toContain(`start: catalog: ${folder}/hives.db, with 1 hive\n`);
});

test("of a hive whose nvidia-smi hangs, cores and memory are known all the same", async () => {
  const path = temporaryFolder();
  fakeProgram(path, "nvidia-smi", hangingScript(newMarker()));
  const fleet = startFleet(temporaryFolder(), { PATH: `${path}:${process.env.PATH}` });
  expect(await onlineHive(fleet)).toMatchObject({ devices: { cpu, gpus: [] } });
});

test("everything that is killed and started again is the same hive", async () => {
  const folder = temporaryFolder();
  const first = startFleet(folder);
  const { port: _before, ...before } = await onlineHive(first);
  const pids = [first.pidOf("queen"), first.pidOf("hive")];
  for (const pid of pids) process.kill(pid, "SIGSTOP");
  first.process.kill("SIGKILL");
  for (const pid of pids) process.kill(pid, "SIGKILL");
  expect(await first.ended).toBe("SIGKILL");
  await eventually(() => (pids.some(isAlive) ? undefined : true), "the end of what start had started");

  const second = startFleet(folder);
  const port = await second.hivePort();
  const { port: _after, ...after } = await eventually(async () => {
    const hive = await onlineHive(second);
    return hive.port === port ? hive : undefined;
  }, "the hive at the port that it has now");
  const lasting = ({ id, host, devices, created_at_ms }: Omit<Hive, "port">) => ({ id, host, devices, created_at_ms });
  expect(lasting(after)).toEqual(lasting(before));
});

test("on a terminal the log of both is for people", async () => {
  const terminal = spawn("script", ["-qefc", `exec '${process.execPath}' '${START}'`, "/dev/null"], {
    env: { ...settingsOfFleet(temporaryFolder()), TERM: "xterm", NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = new Promise((resolve) => terminal.once("close", resolve));
  let shown = "";
  terminal.stdout.setEncoding("utf8").on("data", (text: string) => {
    shown += text;
  });
  await eventually(() => (shown.includes("start: running") ? true : undefined), "a queen and a hive");
  terminal.kill("SIGTERM");
  await ended;
  expect(shown).toMatch(/^\[[\d:.]+\] INFO: queen listening \{"host":"127\.0\.0\.1","port":\d+\}\r$/m);
  expect(shown).toMatch(
    /^\[[\d:.]+\] INFO: hive listening \{"hive":"localhost","host":"127\.0\.0\.1","port":\d+\}\r$/m,
  );
});

test("SIGKILL takes the queen and the hive along", async () => {
  const fleet = startFleet(temporaryFolder());
  await onlineHive(fleet);
  const pids = [fleet.pidOf("queen"), fleet.pidOf("hive")];
  fleet.process.kill("SIGKILL");
  await eventually(() => (pids.some(isAlive) ? undefined : true), "the end of what start had started");
});

test("SIGKILL takes along a queen that is only starting", async () => {
  const fleet = startFleet(temporaryFolder());
  const queen = await eventually(() => fleet.pidOf("queen") || undefined, "a queen");
  fleet.process.kill("SIGKILL");
  await eventually(() => (isAlive(queen) ? undefined : true), "the end of the queen");
});

/** Makes a token in the catalog that a queen in `folder` has, and returns it. */
function createToken(folder: string, ...flags: string[]): string {
  const args = [QUEEN, "token", "create", "--name", "test", "--database", join(folder, "hives.db"), ...flags];
  return execFileSync(process.execPath, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
}

test("works in a catalog with tokens when it is given one, and says so when not", async () => {
  const folder = temporaryFolder();
  const open = startFleet(folder);
  await open.hivePort();
  open.process.kill("SIGTERM");
  await open.ended;
  const token = createToken(folder, "--role", "operator");
  const refused = startFleet(folder);
  expect(await refused.ended).toBe(1);
  expect(refused.stderr()).toContain("pnpm queen token create --name start --role operator --out start.token");

  const fleet = startFleet(folder, { QUEEN_TOKEN: token });
  const url = `${await fleet.queenUrl()}/v1/hives/localhost`;
  const read = async () => (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).json();
  await eventually(async () => {
    const { last_heartbeat_ms: beatMs } = (await read()) as { last_heartbeat_ms?: number | null };
    return beatMs ?? undefined;
  }, "a beat of the hive");
  await eventually(
    () => (fleet.stderr().includes('curl -H "authorization: Bearer $QUEEN_TOKEN" ') ? true : undefined),
    "next",
  );
  expect(fleet.stderr()).not.toContain(token.slice(20));
});

test("--help says every setting, and starts nothing", () => {
  const help = run(START, "--help");
  const queen = run(QUEEN, "--help").stdout.match(/--[a-z-]+(?= <)/g) ?? [];
  const hive = run(HIVE, "--help").stdout.match(/HIVE_[A-Z_]+/g) ?? [];
  const variables = [
    ...queen.map((flag) => `QUEEN_${flag.slice(2).toUpperCase().replaceAll("-", "_")}`),
    ...hive.filter((name) => name !== "HIVE_QUEEN"),
    "QUEEN_DATABASE_AUTH_TOKEN",
  ];
  expect(variables.length).toBeGreaterThan(12);
  expect(help.status).toBe(0);
  expect(help.stderr).toBe("");
  expect(variables.filter((name) => !help.stdout.includes(name))).toEqual([]);
});

test.each([["--port"], ["stop", "now"]])("the arguments %s %s are refused with exit code 2", (...args) => {
  expect(run(START, ...args)).toMatchObject({
    status: 2,
    stdout: "",
    stderr: expect.stringMatching(/^start: unknown (option '--port'|argument 'stop'); --help shows what there is\n$/),
  });
});

test("adds the hive under HIVE_ID, and asks for nothing but free ports", async () => {
  const fleet = startFleet(temporaryFolder(), { HIVE_ID: "desk.1" });
  expect(await onlineHive(fleet, "desk.1")).toMatchObject({ id: "desk.1", port: await fleet.hivePort() });
});

test("SIGINT that comes twice, from the terminal and from pnpm, still stops both in order", async () => {
  const fleet = startFleet(temporaryFolder());
  await onlineHive(fleet);
  fleet.process.kill("SIGINT");
  fleet.process.kill("SIGINT");
  expect(await fleet.ended).toBe(0);
});

test("Ctrl-C ends the script of pnpm start as a success, although pnpm passes on to its shell what the terminal sent to all", async () => {
  const root = pathOf("../../..");
  const { scripts } = JSON.parse(readFileSync(`${root}/package.json`, "utf8")) as { scripts: { start: string } };
  const shell = spawn("sh", ["-c", scripts.start], {
    cwd: root,
    env: settingsOfFleet(temporaryFolder()),
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  });
  const ended = new Promise((resolve) => shell.on("close", (code, signal) => resolve(code ?? signal)));
  let stderr = "";
  shell.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  await eventually(() => (stderr.includes("Ctrl-C") ? true : undefined), "a queen and a hive");
  process.kill(-(shell.pid ?? 0), "SIGINT");
  shell.kill("SIGINT");
  expect(await ended).toBe(0);
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

test("a port that is taken is the queen's sentence, no hive is started, and the exit code is not 0", async () => {
  const taken = createServer((_request, response) => response.end("{}"));
  onTestFinished(() => void taken.close());
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const { port } = taken.address() as AddressInfo;
  const fleet = startFleet(temporaryFolder(), { QUEEN_PORT: String(port) });
  expect(await fleet.ended).toBe(1);
  expect(fleet.stderr()).toMatch(new RegExp(`port ${port} \\S+ 127\\.0\\.0\\.1 is taken`));
  expect(fleet.messages()).not.toContain("hive listening");
});

test("settings that the hive cannot use stop the queen too, with the hive's exit code", async () => {
  const fleet = startFleet(temporaryFolder(), { HIVE_BEAT_INTERVAL_MS: "soon" });
  expect(await fleet.ended).toBe(2);
  expect(fleet.stderr()).toContain("--beat-interval-ms (HIVE_BEAT_INTERVAL_MS)");
});
