import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { StepError } from "./step-error.ts";

/** More than any program here has to say; what follows is dropped. */
const MAX_OUTPUT_CHARACTERS = 65_536;
/** A host that floods its queen must not keep her busy until the deadline. */
const MAX_READ_CHARACTERS = 4_194_304;

export interface ProgramOptions {
  env: Readonly<Record<string, string>>;
  /** Folder in which it runs. */
  cwd?: string;
  /** What it reads on its standard input. */
  input?: string;
  /** After this time it is killed, with all that it started. */
  timeoutMs: number;
  /** Kills it too; the run then rejects with the signal's reason. */
  signal: AbortSignal;
  /** Gets what it writes, on either stream, as it comes. */
  onOutput: (text: string) => void;
}

export interface ProgramEnd {
  /** `null` when a signal ended it. */
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/**
 * Runs a program without a shell, in bounded time and with bounded output.
 * @throws StepError when it cannot be started or does not end in time
 */
export function runProgram(command: string, args: readonly string[], options: ProgramOptions): Promise<ProgramEnd> {
  const { env, cwd, input, timeoutMs, signal, onOutput } = options;
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    // Leads a group and a session of its own: it can be killed with all that it started, and there is no terminal to ask on.
    const child = spawn(command, args, { env, ...(cwd !== undefined && { cwd }), stdio: "pipe", detached: true });
    const written = { stdout: "", stderr: "" };
    let read = 0;
    const settle = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    };
    const giveUp = (reason: unknown) => {
      settle();
      killGroup(child);
      reject(reason);
    };
    const abort = () => giveUp(signal.reason);
    const timer = setTimeout(
      () => giveUp(new StepError(`${command} did not end within ${timeoutMs / 1000} s`)),
      timeoutMs,
    );
    signal.addEventListener("abort", abort, { once: true });
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => {
        read += text.length;
        if (read > MAX_READ_CHARACTERS) return giveUp(new StepError(`${command} wrote more than 4 MiB`));
        written[name] = (written[name] + text).slice(0, MAX_OUTPUT_CHARACTERS);
        onOutput(text);
      });
    }
    child.on("error", (error) => {
      settle();
      reject(new StepError(`${command} cannot be started: ${error.message}`, { cause: error }));
    });
    child.on("close", (exitCode) => {
      settle();
      resolve({ exitCode, ...written });
    });
    // A program that ends before it has read its input breaks the pipe; its exit code says more.
    child.stdin.on("error", () => undefined).end(input ?? "");
  });
}

function killGroup(child: ChildProcessWithoutNullStreams): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    child.kill("SIGKILL"); // the group has ended
  }
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
  child.unref();
}
