import { type ProgramEnd, ProgramError, runProgram } from "@repo/processes";

/** What a program wrote, or one clause that says why there is nothing to read. */
export type Output = { ok: true; stdout: string } | { ok: false; reason: string };

export interface OutputOptions {
  /** After this time the program and all that it started are killed. */
  timeoutMs: number;
  /** Kills the program too; the reading then rejects with the signal's reason. */
  signal: AbortSignal;
}

const MAX_CHARACTERS = 2 ** 20;
const BOUNDS = { keptCharacters: MAX_CHARACTERS, maxCharacters: MAX_CHARACTERS };

/** Reads what a program writes. One that cannot be read is a result with a reason, not an error: only `signal` rejects. */
export async function outputOf(command: string, args: readonly string[], options: OutputOptions): Promise<Output> {
  try {
    const end = await runProgram(command, args, { ...options, ...BOUNDS, env: process.env });
    return end.exitCode === 0 ? { ok: true, stdout: end.stdout } : { ok: false, reason: howEnded(end) };
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    return { ok: false, reason: error.reason };
  }
}

function howEnded({ exitCode, signal, stderr, stdout }: ProgramEnd): string {
  const said = /\S.*/.exec(`${stderr}\n${stdout}`)?.[0].trim().slice(0, 200);
  const end = exitCode === null ? `was ended by ${signal}` : `exited with ${exitCode}`;
  return said === undefined ? end : `${end}: ${said}`;
}
