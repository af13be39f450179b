import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { bundleOf } from "../../../../scripts/build/cache.js";
import { eventually, type LogLine } from "../../src/testing.ts";

export const pathOf = (relative: string) => fileURLToPath(new URL(`../../../../${relative}`, import.meta.url));
export const START = await bundleOf(pathOf("scripts/start.js"));
/** What start runs: the bundles beside its own. */
const STARTED = { queen: join(dirname(START), "main.js"), hive: join(dirname(START), "agent.js") };

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

export interface Fleet {
  process: ChildProcess;
  stderr: () => string;
  /** Resolves once stderr has this: what two processes say comes in no order. */
  said: (text: string) => Promise<unknown>;
  /** Of the log of both. */
  messages: () => string[];
  queenUrl: () => Promise<string>;
  hivePort: () => Promise<number>;
  /** Process id of the queen or the hive. */
  pidOf: (name: "queen" | "hive") => number;
  ended: Promise<number | NodeJS.Signals | null>;
}

/** Free ports, and a catalog in `folder`. */
export const settingsOfFleet = (folder: string): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  QUEEN_PORT: "0",
  HIVE_PORT: "0",
  QUEEN_DATABASE: join(folder, "hives.db"),
  QUEEN_ALLOWED_HOSTS: "127.0.0.0/8,::1",
});

/** Runs the start script on free ports, with a catalog in `folder`. What it started ends with the test. */
export function startFleet(folder: string, env: Record<string, string> = {}): Fleet {
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
    said: (text) => eventually(() => stderr.includes(text) || undefined, `${text}, on stderr`),
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

export type Hive = {
  id: string;
  host: string;
  port: number;
  status: string;
  devices: { cpu: unknown } | null;
  created_at_ms: number;
};

/** The local hive, once it is online and its devices are known. */
export async function onlineHive(fleet: Fleet, id = "localhost"): Promise<Hive> {
  const url = `${await fleet.queenUrl()}/v1/hives/${id}`;
  return eventually(async () => {
    const response = await fetch(url);
    const hive = (await response.json()) as Hive;
    return response.ok && hive.status === "online" && hive.devices !== null ? hive : undefined;
  }, `hive ${id} online with its devices`);
}
