import type { Command } from "commander";

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
