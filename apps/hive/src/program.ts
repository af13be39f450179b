import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable } from "node:stream";

/** What a program wrote, or one clause that says why there is nothing to read. */
export type ProgramResult = { ok: true; stdout: string } | { ok: false; reason: string };

export interface RunOptions {
  /** After this time the program and all that it started are killed. */
  timeoutMs: number;
  /** Kills the program too; the run then rejects with the signal's reason. */
  signal: AbortSignal;
}

const MAX_OUTPUT_BYTES = 1_048_576;

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** Kills the program and what it started: it leads a process group of its own. */
function killTree(child: Child): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    child.kill("SIGKILL"); // no process groups here, or already gone
  }
}

function whyNotStarted(error: NodeJS.ErrnoException): string {
  return error.code === "ENOENT" ? "is not installed" : `could not be started (${error.code ?? error.message})`;
}

function firstLine(...texts: string[]): string {
  const line = texts
    .join("\n")
    .split("\n")
    .map((text) => text.trim())
    .find(Boolean);
  return line ? `: ${line.slice(0, 200)}` : "";
}

/**
 * Runs a program to its end, in bounded time and with bounded output. A program that cannot be read is a result with a
 * reason, not an error: only `signal` rejects. A killed program is not waited for, since one that hangs in a driver
 * cannot be.
 */
export function runProgram(
  command: string,
  args: readonly string[],
  { timeoutMs, signal }: RunOptions,
): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], detached: process.platform !== "win32" });
    const written = { stdout: "", stderr: "" };

    const settle = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    };
    const kill = () => {
      settle();
      killTree(child);
      child.stdout.destroy();
      child.stderr.destroy();
      child.unref();
    };
    const abort = () => {
      kill();
      reject(signal.reason);
    };
    const giveUp = (reason: string) => {
      kill();
      resolve({ ok: false, reason });
    };
    const timer = setTimeout(() => giveUp(`did not end within ${timeoutMs} ms`), timeoutMs);
    signal.addEventListener("abort", abort, { once: true });

    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => {
        written[name] += text;
        if (written[name].length > MAX_OUTPUT_BYTES) giveUp("wrote more than 1 MiB");
      });
    }
    child.on("error", (error) => {
      settle();
      resolve({ ok: false, reason: whyNotStarted(error) });
    });
    child.on("close", (code, endedBy) => {
      settle();
      if (code === 0) return resolve({ ok: true, stdout: written.stdout });
      const end = code === null ? `was ended by ${endedBy}` : `exited with ${code}`;
      resolve({ ok: false, reason: end + firstLine(written.stderr, written.stdout) });
    });
  });
}
