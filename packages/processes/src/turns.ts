import { setTimeout as wait } from "node:timers/promises";
import { isGroupRunning, leftInKernel } from "./group.ts";
import { type ProgramEnd, ProgramError, type ProgramOptions, runProgram } from "./program.ts";

/** A signal takes effect after a moment, not at once; on a busy host it may be a long one. */
const DYING_MS = 2000;
const LOOK_EVERY_MS = 10;

/**
 * Runs programs one after the other, and none while one that was killed lives on, as one does that hangs inside the kernel: whatever made it
 * hang would take each further one too.
 */
export class ProgramTurns {
  #last: Promise<unknown> = Promise.resolve();
  /** Commands of which nothing was left behind when they were first run. */
  readonly #started = new Set<string>();
  /** Leader of a group that was killed. */
  #killed: { command: string; processId: number; atMs: number } | undefined;

  /** As `runProgram`; the time counts from the start. @throws ProgramError also when the program was not started for the sake of another */
  run(command: string, args: readonly string[], options: ProgramOptions): Promise<ProgramEnd> {
    const run = this.#last.then(() => this.#run(command, args, options));
    this.#last = run.catch(() => undefined);
    return run;
  }

  async #run(command: string, args: readonly string[], options: ProgramOptions): Promise<ProgramEnd> {
    const obstacle = (await this.#stuckOne(command)) ?? this.#leftOne(command);
    if (obstacle !== undefined) throw new ProgramError("not_started", command, `is not started: ${obstacle}`);
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
  async #stuckOne(command: string): Promise<string | undefined> {
    while (this.#killed !== undefined && isGroupRunning(this.#killed.processId)) {
      const { processId, atMs } = this.#killed;
      if (performance.now() - atMs > DYING_MS) {
        const which = this.#killed.command === command ? "an earlier one" : this.#killed.command;
        return `${which} (process ${processId}) was killed and does not end`;
      }
      await wait(LOOK_EVERY_MS);
    }
    this.#killed = undefined;
    return undefined;
  }

  /** One that somebody else left behind, as this process did before it was started anew. */
  #leftOne(command: string): string | undefined {
    if (this.#started.has(command)) return undefined;
    const processId = leftInKernel(command);
    if (processId !== undefined) return `one that was left behind (process ${processId}) hangs inside the kernel`;
    this.#started.add(command);
    return undefined;
  }
}
