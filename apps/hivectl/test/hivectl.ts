import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { bundleOf } from "../../../scripts/build/cache.js";
import { run } from "../src/program.ts";
import type { World } from "../src/session.ts";

/** hivectl as one file. */
export const FILE: string = await bundleOf(fileURLToPath(new URL("../src/main.ts", import.meta.url)));
/** One that hangs must not outlive the test run. */
const KILL_AFTER_MS = 60_000;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Nothing of this machine's environment but what the test gives; where no test says so, there is no configuration either. */
const clean = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  XDG_CONFIG_HOME: "/nonexistent",
  HIVECTL_COMMAND: "hivectl",
  ...env,
});

/** A call of hivectl that runs in a process of its own. */
export class Hivectl {
  readonly child: ChildProcessWithoutNullStreams;
  stdout = "";
  stderr = "";

  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.child = spawn(process.execPath, [FILE, ...args], {
      env: clean(env),
      timeout: KILL_AFTER_MS,
      killSignal: "SIGKILL",
    });
    // Whoever ends at once, as --help does, reads nothing of it.
    this.child.stdin.on("error", () => undefined);
    this.child.stdout.setEncoding("utf8").on("data", (text) => {
      this.stdout += text;
    });
    this.child.stderr.setEncoding("utf8").on("data", (text) => {
      this.stderr += text;
    });
  }

  async end(): Promise<Ended> {
    const [code] = (await once(this.child, "close")) as [number | null];
    return { code, stdout: this.stdout, stderr: this.stderr };
  }
}

/**
 * Runs it to its end in this process, as `main.ts` does in one of its own: a process has to load Node and the program first. What a process has for itself, such as
 * signals, a terminal, or a reader that reads no further, others see.
 */
export async function hivectl(args: readonly string[], env: NodeJS.ProcessEnv = {}, stdin = ""): Promise<Ended> {
  const [input, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  input.end(stdin);
  const said = Promise.all([text(stdout), text(stderr)]);
  const streams = { stdin: input, stdout, stderr } as unknown as Pick<World, "stdin" | "stdout" | "stderr">;
  const signal = AbortSignal.timeout(KILL_AFTER_MS);
  const code = await run(args, { ...streams, env: clean(env), command: "hivectl", signal, now: Date.now });
  stdout.end();
  stderr.end();
  const [out, err] = await said;
  return { code, stdout: out, stderr: err };
}

/** Runs it to its end in a process of its own. */
export function hivectlProcess(args: readonly string[], env: NodeJS.ProcessEnv = {}, stdin = ""): Promise<Ended> {
  const running = new Hivectl(args, env);
  running.child.stdin.end(stdin);
  return running.end();
}

interface Seen {
  readonly columns: number;
  /** 50 unless it is said. */
  readonly rows?: number;
  /** The keys are typed once this is shown; else at once. */
  readonly typedAfter?: string;
  /** Where its stdout goes, if not to the terminal. */
  readonly stdout?: string;
}

/** Runs it in a terminal of so many columns, where `keys` are typed, and then `more`. What it shows is in stdout. */
export function inTerminal(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  { columns, rows = 50, typedAfter = "", stdout: to = "&1" }: Seen,
  keys = "",
  ...more: readonly (readonly [typedAfter: string, keys: string])[]
): Promise<Ended> {
  const words = [process.execPath, FILE, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  const child = spawn("script", ["-qec", `stty cols ${columns} rows ${rows}; exec ${words} >${to}`, "/dev/null"], {
    env: {
      PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
      TERM: "xterm",
      XDG_CONFIG_HOME: "/nonexistent",
      HIVECTL_COMMAND: "hivectl",
      ...env,
    },
    timeout: KILL_AFTER_MS,
    killSignal: "SIGKILL",
  });
  let stdout = "";
  const typing = [[typedAfter, keys] as const, ...more];
  const typeNext = () => {
    const [next] = typing;
    if (next === undefined || !stdout.includes(next[0])) return;
    typing.shift();
    child.stdin.write(next[1]);
  };
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
    typeNext();
  });
  typeNext();
  return once(child, "close").then(([code]) => ({ code, stdout: stdout.replaceAll("\r\n", "\n"), stderr: "" }));
}
