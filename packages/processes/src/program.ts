import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as immediate } from "node:timers/promises";

const KEPT_CHARACTERS = 65_536;
const MAX_CHARACTERS = 4 * 2 ** 20;

export interface ProgramOptions {
  /** All that is in its environment: what is in one's own may be secret. */
  env: NodeJS.ProcessEnv;
  /** Folder in which it runs. */
  cwd?: string;
  /** What it reads on its standard input. */
  input?: string;
  /** After this time it is killed, with all that it started. */
  timeoutMs: number;
  /** Kills it too; the run then rejects with the signal's reason. */
  signal: AbortSignal;
  /** So much is kept of what it writes on a stream, and what follows is dropped. Default: 65,536. */
  keptCharacters?: number;
  /** A program that writes more than this on both streams together is killed. Default: 4 MiB. */
  maxCharacters?: number;
  /** Gets what it writes, on either stream, as it comes. */
  onOutput?: (text: string) => void;
}

export interface ProgramEnd {
  /** `null` when a signal ended it. */
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** It is not installed; it could not, or was not to be started; or it was killed before it came to its end. */
type ProgramErrorKind = "missing" | "not_started" | "given_up";

/** A program that was not started, or did not come to its end. */
export class ProgramError extends Error {
  override readonly name = "ProgramError";
  readonly kind: ProgramErrorKind;
  /** The message without the program: "did not end within 5 s". */
  readonly reason: string;
  /** Process id of a program that was killed, which also is the id of its group. */
  readonly killed: number | undefined;

  constructor(
    kind: ProgramErrorKind,
    command: string,
    reason: string,
    { killed, ...options }: ErrorOptions & { killed?: number } = {},
  ) {
    super(`${command} ${reason}`, options);
    this.kind = kind;
    this.reason = reason;
    this.killed = killed;
  }
}

/**
 * Runs a program without a shell, in bounded time and with bounded output. One that is killed is not waited for: it may hang where no
 * signal reaches it.
 * @throws ProgramError when it cannot be started, does not end in time or writes too much
 */
export async function runProgram(
  command: string,
  args: readonly string[],
  options: ProgramOptions,
): Promise<ProgramEnd> {
  await turnToStart();
  return run(command, args, options);
}

let lastStart: Promise<void> = Promise.resolve();

/** To start a program holds the event loop for some milliseconds: between two starts everything else that waits has it. */
function turnToStart(): Promise<void> {
  lastStart = lastStart.then(async () => {
    await immediate();
    await immediate();
  });
  return lastStart;
}

function run(command: string, args: readonly string[], options: ProgramOptions): Promise<ProgramEnd> {
  const { input = "", timeoutMs, signal, onOutput } = options;
  const { keptCharacters = KEPT_CHARACTERS, maxCharacters = MAX_CHARACTERS } = options;
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const child = start(command, args, options);
    const written = { stdout: "", stderr: "" };
    let characters = 0;
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
    const killed = child.pid === undefined ? {} : { killed: child.pid };
    const late = () =>
      giveUp(new ProgramError("given_up", command, `did not end within ${timeoutMs / 1000} s`, killed));
    const timer = setTimeout(late, timeoutMs);
    signal.addEventListener("abort", abort, { once: true });
    child.on("error", (error) => {
      settle();
      reject(notStarted(command, error, options));
    });
    // For lack of files it was not started, and has none of its streams, whatever its type says.
    if ((child.stdin as typeof child.stdin | undefined) === undefined) return;
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => {
        characters += text.length;
        if (characters > maxCharacters)
          return giveUp(new ProgramError("given_up", command, `wrote more than ${mib(maxCharacters)}`, killed));
        written[name] = (written[name] + text).slice(0, keptCharacters);
        onOutput?.(text);
      });
    }
    child.on("close", (exitCode, endedBy) => {
      settle();
      resolve({ exitCode, signal: endedBy, ...written });
    });
    // A program that ends before it has read its input breaks the pipe; its exit code says more.
    child.stdin.on("error", () => undefined).end(input);
  });
}

type Where = Pick<ProgramOptions, "env" | "cwd">;

/** Leads a group and a session of its own: it can be killed with all that it started, and there is no terminal to ask on. */
function start(command: string, args: readonly string[], where: Where) {
  const { env, cwd } = where;
  try {
    return spawn(command, args, { env, ...(cwd !== undefined && { cwd }), stdio: "pipe", detached: true });
  } catch (error) {
    // Some reasons Node tells in an event, and others, such as a lack of memory, in this way.
    throw notStarted(command, error as NodeJS.ErrnoException, where);
  }
}

const mib = (characters: number): string => `${characters / 2 ** 20} MiB`;

/** A folder that is not there looks like a program that is not. */
function notStarted(command: string, error: NodeJS.ErrnoException, { env, cwd }: Where): ProgramError {
  const isNowhere = error.code === "ENOENT" || (error.code === "EACCES" && !isOnPath(command, env.PATH));
  const isMissing = isNowhere && cwd === undefined;
  const reason = isMissing ? "is not installed" : `cannot be started: ${error.message}`;
  return new ProgramError(isMissing ? "missing" : "not_started", command, reason, { cause: error });
}

/** Of a program that is in no folder of the PATH the system says that it may not be run, where one of them may not be looked into. */
function isOnPath(command: string, path = ""): boolean {
  return command.includes("/") || path.split(":").some((folder) => isFile(join(folder, command)));
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
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
