import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { runProgram } from "@repo/processes";
import { StepFailure } from "./failures.ts";
import { type CommandOptions, commandFailed, type Host, type ProgramDefaults } from "./host.ts";

/** The machine of the queen herself. */
export class LocalHost implements Host {
  readonly name = "this machine";
  readonly #options: ProgramDefaults;
  readonly #home: string;

  constructor(options: ProgramDefaults) {
    const { HOME, PATH } = options.env;
    if (HOME === undefined || !existsSync(HOME))
      throw new StepFailure(
        "HOME_MISSING",
        `the queen has no HOME${HOME === undefined ? " in her environment" : `: ${HOME} is not there`}; a local hive would be kept under it`,
      );
    this.#home = HOME;
    // The Node that runs the queen runs the agent too.
    this.#options = { ...options, env: { ...options.env, PATH: `${dirname(process.execPath)}:${PATH ?? ""}` } };
  }

  async run([command = "", ...args]: readonly string[], options: CommandOptions): Promise<string> {
    const end = await runProgram(command, args, { ...this.#options, ...options, cwd: this.#home });
    if (end.exitCode !== 0) throw commandFailed(this.name, end);
    return end.stdout;
  }

  async close(): Promise<void> {}
}
