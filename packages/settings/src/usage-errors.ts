import { type Command, CommanderError } from "commander";
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

/** What the command line says to a program without further commands; undefined where that was help, or wrong, and is answered. `check` may call `command.error`. */
export async function readOptions<T extends object>(
  name: string,
  command: Command,
  check: (options: T) => void = () => {},
): Promise<T | undefined> {
  const help: string[] = [];
  withUsageErrors(name, command).allowExcessArguments(false).exitOverride();
  command.configureOutput({ writeOut: (text) => void help.push(text) });
  try {
    // `pnpm sim -- --seed 2` hands the dashes on.
    const args = process.argv.slice(2).filter((text) => text !== "--");
    const options = command.parse(args, { from: "user" }).opts<T>();
    check(options);
    return options;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? await print(name, help.join("")) : 2;
    return undefined;
  }
}
