import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";
import { type Duplex, PassThrough } from "node:stream";
import { finished } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { bundleOf } from "../../../scripts/build/cache.js";
import { Interrupted } from "../src/failure.ts";
import type { Streams } from "../src/output/terminal.ts";
import { run } from "../src/program.ts";
import { openTerminal, startTerminal } from "./terminal.ts";

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

/**
 * A call of hivectl that runs in this process, as `main.ts` does in one of its own: a process has to load Node and the program first. What a process has for itself, such
 * as signals, or a reader that reads no further, `HivectlProcess` has.
 */
export class Hivectl {
  stdout = "";
  stderr = "";
  readonly #stop = new AbortController();
  readonly #code: Promise<number>;
  readonly #ended: Promise<unknown>;

  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}, stdin = "") {
    const [input, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
    input.end(stdin);
    stdout.setEncoding("utf8").on("data", (text) => {
      this.stdout += text;
    });
    stderr.setEncoding("utf8").on("data", (text) => {
      this.stderr += text;
    });
    const tooLong = setTimeout(() => this.interrupt(), KILL_AFTER_MS).unref();
    this.#code = runHere(args, { stdin: input, stdout, stderr }, env, this.#stop.signal).finally(() => {
      clearTimeout(tooLong);
      stdout.end();
      stderr.end();
    });
    this.#ended = Promise.all([finished(stdout), finished(stderr)]);
  }

  /** As Ctrl-C does. */
  interrupt(): void {
    this.#stop.abort(new Interrupted("interrupted"));
  }

  async end(): Promise<Ended> {
    const code = await this.#code;
    await this.#ended;
    return { code, stdout: this.stdout, stderr: this.stderr };
  }
}

/** Runs it to its end in this process. */
export function hivectl(args: readonly string[], env: NodeJS.ProcessEnv = {}, stdin = ""): Promise<Ended> {
  return new Hivectl(args, env, stdin).end();
}

const runHere = (
  args: readonly string[],
  streams: Readonly<Record<"stdin" | "stdout" | "stderr", Duplex>>,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<number> =>
  run(args, { ...(streams as unknown as Streams), env: clean(env), command: "hivectl", signal, now: Date.now });

/** A call of hivectl that runs in a process of its own. */
export class HivectlProcess {
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

/** Runs it to its end in a process of its own. */
export function hivectlProcess(args: readonly string[], env: NodeJS.ProcessEnv = {}, stdin = ""): Promise<Ended> {
  const running = new HivectlProcess(args, env);
  running.child.stdin.end(stdin);
  return running.end();
}

interface Seen {
  readonly columns: number;
  /** 50 unless it is said. */
  readonly rows?: number;
  /** The keys are typed once this is shown; else at once. */
  readonly typedAfter?: string;
}

/** What is typed, and after what is shown. */
type Typed = readonly (readonly [typedAfter: string, keys: string])[];

/** Runs it in this process, on a terminal of so many columns, where `keys` are typed, and then `more`. What it shows is in stdout. */
export async function inTerminal(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  { columns, rows = 50, typedAfter = "" }: Seen,
  keys = "",
  ...more: Typed
): Promise<Ended> {
  const terminal = await openTerminal(columns, rows);
  const shown = typeInto(terminal.child, [[typedAfter, keys], ...more]);
  const signal = AbortSignal.timeout(KILL_AFTER_MS);
  const code = await runHere(args, terminal.streams, { TERM: "xterm", ...env }, signal).finally(terminal.close);
  return { code, stdout: await shown, stderr: "" };
}

/** Runs it in a process of its own in such a terminal, where Ctrl-C is a signal, with its stdout, if not there, where a shell is told. */
export async function processInTerminal(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  { columns, rows = 50, typedAfter = "", stdout: to = "&1" }: Seen & { readonly stdout?: string },
  keys = "",
  ...more: Typed
): Promise<Ended> {
  const words = [process.execPath, FILE, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  const child = startTerminal(`stty cols ${columns} rows ${rows}; exec ${words} >${to}`, {
    ...clean(env),
    PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
    TERM: env.TERM ?? "xterm",
  });
  const shown = typeInto(child, [[typedAfter, keys], ...more]);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout: await shown, stderr: "" };
}

/** Types each once what it waits for is shown. Resolves to all that was shown, when the terminal is gone. */
async function typeInto(child: ChildProcessWithoutNullStreams, typed: Typed): Promise<string> {
  let stdout = "";
  const typing = [...typed];
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
  await once(child, "close");
  return stdout.replaceAll("\r\n", "\n");
}
