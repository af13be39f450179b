import { printable } from "@repo/process-log/printable";
import type { ProgramEnd, ProgramOptions } from "@repo/processes";
import { type FailureCode, StepFailure } from "./failures.ts";

/** What holds for each program that is run to reach a machine; PATH and HOME at least are in its environment. */
export type ProgramDefaults = Pick<ProgramOptions, "env" | "timeoutMs" | "onOutput">;

export interface CommandOptions {
  signal: AbortSignal;
  /** What the command reads on its standard input: the way for secrets, since arguments show in process lists. */
  input?: string;
  /** In place of what commands have otherwise. */
  timeoutMs?: number;
}

/** A machine on which commands are run, in the home of the user that runs agents there. */
export interface Host {
  /** How messages name it. */
  readonly name: string;
  /** Runs a command in that user's home and answers what it wrote. Throws StepFailure when it fails or cannot be reached. */
  run(words: readonly string[], options: CommandOptions): Promise<string>;
  /** Removes what the connections needed. */
  close(): Promise<void>;
}

/** Words that run a script of ours; what differs from hive to hive are its arguments, `$1` and on. */
export const script = (text: string, ...args: string[]): string[] => ["sh", "-c", text, "sh", ...args];

const MAX_REASON = 500;

/** What a failed command says of itself: the end of its standard error, else of its output. */
export function whyFailed({ exitCode, stdout, stderr }: ProgramEnd): string {
  const text = (stderr.trim() || stdout.trim()).replace(/\s*\n\s*/g, "; ").slice(-MAX_REASON);
  return `${exitCode === null ? "a signal ended it" : `exit code ${exitCode}`}${text && `: ${text}`}`;
}

const MAX_BEGINNING = 200;

/** The beginning of what something else than expected wrote. */
export const beginningOf = (text: string): string =>
  text.trim() === "" ? "nothing" : printable(JSON.stringify(text.trim().slice(0, MAX_BEGINNING)));

/** With these a shell says that there is no such program, or none that it can run: only Node may be missing on a host. */
const CODES: ReadonlyMap<number | null, FailureCode> = new Map([
  [126, "NODE_UNUSABLE"],
  [127, "NODE_MISSING"],
]);

export function commandFailed(host: string, end: ProgramEnd): StepFailure {
  const code = CODES.get(end.exitCode) ?? "COMMAND_FAILED";
  return new StepFailure(code, `the command failed on ${host} with ${whyFailed(end)}`);
}
