import { setTimeout as wait } from "node:timers/promises";
import { isGroupRunning } from "./group.ts";
import { type ProgramEnd, ProgramError, type ProgramOptions, runProgram } from "./program.ts";

/** A signal takes effect after a moment, not at once. */
const DYING_MS = 500;
const LOOK_EVERY_MS = 10;

/**
 * Runs programs one after the other, and none while one that was killed lives on, as one does that hangs inside the kernel: whatever made it
 * hang would take each further one too.
 */
export class ProgramTurns {
  #last: Promise<unknown> = Promise.resolve();
  /** Leader of a group that was killed. */
  #killed: { command: string; processId: number; atMs: number } | undefined;

  /** As `runProgram`; the time counts from the start. @throws ProgramError also when the program was not started for the sake of another */
  run(command: string, args: readonly string[], options: ProgramOptions): Promise<ProgramEnd> {
    const run = this.#last.then(() => this.#run(command, args, options));
    this.#last = run.catch(() => undefined);
    return run;
  }

  async #run(command: string, args: readonly string[], options: ProgramOptions): Promise<ProgramEnd> {
    const stuck = await this.#stuck();
    if (stuck !== undefined) {
      const which = stuck.command === command ? "an earlier one" : stuck.command;
      throw new ProgramError(
        command,
        `is not started: ${which} (process ${stuck.processId}) was killed and does not end`,
      );
    }
    try {
      return await runProgram(command, args, options);
    } catch (error) {
      if (error instanceof ProgramError && error.killed !== undefined) {
        this.#killed = { command, processId: error.killed, atMs: performance.now() };
      }
      throw error;
    }
  }

  /** The one that was killed, if it lives longer than a signal takes. */
  async #stuck() {
    while (this.#killed !== undefined && isGroupRunning(this.#killed.processId)) {
      if (performance.now() - this.#killed.atMs > DYING_MS) return this.#killed;
      await wait(LOOK_EVERY_MS);
    }
    this.#killed = undefined;
    return undefined;
  }
}
