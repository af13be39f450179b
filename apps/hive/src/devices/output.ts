import { type ProgramEnd, ProgramError, type ProgramTurns } from "@repo/processes";

/** What a program wrote, with a clause on how it ended if it failed; or a clause that says why there is nothing to read. */
export type Output =
  | { stdout: string; failure?: string }
  | {
      reason: string;
      isMissing: boolean;
      /** As one is that hangs. */
      wasKilled: boolean;
    };

export interface OutputOptions {
  /** Programs that read devices run one after the other. */
  turns: ProgramTurns;
  /** After this time the program and all that it started are killed. */
  timeoutMs: number;
  /** Kills the program too; the reading then rejects with the signal's reason. */
  signal: AbortSignal;
}

const MAX_CHARACTERS = 2 ** 20;
const BOUNDS = { keptCharacters: MAX_CHARACTERS, maxCharacters: MAX_CHARACTERS };
/** Where Windows puts nvidia-smi for its Linux, which is on no PATH of a service. */
const WSL_FOLDER = "/usr/lib/wsl/lib";

/** Folders in which programs are looked for. */
export const searchPath = (path = "/usr/bin:/bin"): string =>
  process.platform === "linux" ? `${path}:${WSL_FOLDER}` : path;

/**
 * Reads what a program writes, whatever its exit code: what it wrote before it failed counts. One that cannot be read is a result with a
 * reason, not an error: only `signal` rejects.
 */
export async function outputOf(command: string, args: readonly string[], options: OutputOptions): Promise<Output> {
  const { turns, timeoutMs, signal } = options;
  // Numbers with a decimal comma would be two.
  const env = { ...process.env, LC_ALL: "C", PATH: searchPath(process.env.PATH) };
  try {
    const end = await turns.run(command, args, { timeoutMs, signal, ...BOUNDS, env });
    return { stdout: end.stdout, ...(end.exitCode !== 0 && { failure: howEnded(end) }) };
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    const { kind, reason } = error;
    return { reason, isMissing: kind === "missing", wasKilled: kind === "given_up" };
  }
}

function howEnded({ exitCode, signal, stderr, stdout }: ProgramEnd): string {
  const said = /\S.*/.exec(`${stderr}\n${stdout}`)?.[0].trim().slice(0, 200);
  const end = exitCode === null ? `was ended by ${signal}` : `exited with ${exitCode}`;
  return said === undefined ? end : `${end}: ${said}`;
}
