import type { Command } from "commander";
import { print } from "./print.ts";

/** What is wrong with a command line, as commander says it, in one line that points to the help. */
export const usageError = (text: string): string =>
  `${text
    .replace(/^error: /, "")
    .trim()
    .replace(/\.$/, "")
    .replace(/\s*\n\s*/g, " ")}; --help shows what there is`;

/** Has a command, and those that are added to it later, say such lines as the program `name` does. */
export const withUsageErrors = (name: string, command: Command): Command =>
  command.configureOutput({ outputError: (text, write) => write(`${name}: ${usageError(text)}\n`) });

/** Help was asked for, or the command line is wrong: it is answered, and nothing is run. */
class Answered extends Error {
  readonly exitCode: Promise<0 | 1> | 2;

  constructor(exitCode: Promise<0 | 1> | 2) {
    super();
    this.exitCode = exitCode;
  }
}

/** Has a command, and the verbs that are added to it later, answer for the program `name`: help goes to stdout, and what is wrong is said in one line. */
export function withAnswers(name: string, command: Command): Command {
  const help: string[] = [];
  return withUsageErrors(name, command)
    .configureOutput({ writeOut: (text) => void help.push(text) })
    .exitOverride(({ exitCode }) => {
      throw new Answered(exitCode === 0 ? print(name, help.join("")) : 2);
    });
}

/** Parses the command line for such a command, and runs its verb if there is one. Resolves to its options; undefined where it was answered, and the exit code is set. `check` may call `command.error`. */
export async function runCommandLine<T extends object>(
  command: Command,
  check: (options: T) => void = () => {},
): Promise<T | undefined> {
  try {
    // `pnpm sim -- --seed 2` hands the dashes on.
    const args = process.argv.slice(2).filter((text) => text !== "--");
    await command.parseAsync(args, { from: "user" });
    const options = command.opts<T>();
    check(options);
    return options;
  } catch (error) {
    if (!(error instanceof Answered)) throw error;
    process.exitCode = await error.exitCode;
    return undefined;
  }
}

/** The same of a program without verbs. */
export const readOptions = <T extends object>(name: string, command: Command, check?: (options: T) => void) =>
  runCommandLine(withAnswers(name, command).allowExcessArguments(false), check);
