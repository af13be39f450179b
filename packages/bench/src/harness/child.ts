import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** No child lives longer, whatever happens to this process's plans. */
const LONGEST_LIFE_MS = 5 * 60_000;
const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 5000;

const running = new Set<ChildProcess>();

/** Ends every child that still runs. */
export function endChildren(): void {
  for (const child of running) child.kill("SIGKILL");
}

type Command = {
  command: string;
  args: readonly string[];
  env?: NodeJS.ProcessEnv;
  /** Told of what a child sends by `process.send`. */
  onProgress?: ((doing: string) => void) | undefined;
};

function start({ command, args, env, onProgress }: Command, limitMs: number): ChildProcess {
  const stdio: StdioOptions = ["ignore", "pipe", "pipe"];
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: onProgress ? [...stdio, "ipc"] : stdio,
  });
  if (onProgress) child.on("message", onProgress);
  running.add(child);
  const limit = setTimeout(() => child.kill("SIGKILL"), limitMs);
  const ended = () => {
    clearTimeout(limit);
    running.delete(child);
  };
  child.once("exit", ended);
  child.once("error", ended);
  return child;
}

/** Runs a program to its end and resolves to what it printed. Rejects when it fails or takes longer than `timeoutMs`. */
export async function runProgram(command: Command & { timeoutMs: number }): Promise<string> {
  const { timeoutMs } = command;
  const startedMs = performance.now();
  const child = start(command, timeoutMs);
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const [exitCode, signal] = (await once(child, "close")) as [number | null, string | null];
  if (exitCode === 0) return stdout;
  const tookTooLong = signal === "SIGKILL" && performance.now() - startedMs >= timeoutMs;
  const end = tookTooLong ? `took longer than ${timeoutMs / 1000} s` : `ended with ${signal ?? exitCode}`;
  throw new Error(`${command.command} ${end}: ${stderr.trim() || stdout.trim() || "it said nothing"}`);
}

/** Runs a program in a process of its own; what it prints is JSON. */
export async function runScript<Answer>(
  script: URL,
  args: readonly string[],
  { onProgress }: Pick<Command, "onProgress"> = {},
): Promise<Answer> {
  const command = process.execPath;
  const all = [fileURLToPath(script), ...args];
  const printed = await runProgram({ command, args: all, timeoutMs: LONGEST_LIFE_MS, onProgress });
  return JSON.parse(printed) as Answer;
}

export type Server = {
  readonly pid: number;
  /** What `ready` found in the line that says that the server listens. */
  readonly port: number;
  /** Ends the server, and resolves when it is gone. */
  readonly stop: () => Promise<void>;
};

/** Starts a server, and resolves when a line of its output tells the port on which it listens. */
export async function startServer(
  command: Command & { /** Finds the port in a line of the output. */ ready: RegExp; longestLifeMs?: number },
): Promise<Server> {
  const child = start(command, command.longestLifeMs ?? LONGEST_LIFE_MS);
  const said: string[] = [];
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGTERM");
    const limit = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await gone;
    clearTimeout(limit);
  };
  const port = await new Promise<number>((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`${command.command} ${why}: ${said.slice(-5).join(" ")}`));
    const limit = setTimeout(() => fail(`did not listen within ${START_TIMEOUT_MS} ms`), START_TIMEOUT_MS);
    const read = (line: string) => {
      if (said.length < 100) said.push(line);
      const found = command.ready.exec(line)?.[1];
      if (found === undefined) return;
      clearTimeout(limit);
      resolve(Number(found));
    };
    for (const output of [child.stdout, child.stderr]) if (output) createInterface({ input: output }).on("line", read);
    child.once("error", (error) => fail(error.message));
    child.once("exit", () => fail("ended before it listened"));
  }).catch(async (error: unknown) => {
    if (child.pid !== undefined) await stop();
    throw error;
  });
  return { pid: child.pid ?? 0, port, stop };
}

/** A port that was free a moment ago, for a server that cannot choose one by itself. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
