import type { Command } from "commander";
import { HiveCatalogError } from "../src/errors.ts";

/** The command was called wrongly: exit code 2. */
export class UsageError extends Error {}

/** The command could not do its work, for a reason that its message tells in full: exit code 1. */
export class CommandFailure extends Error {}

/** The command line, without the dashes that `pnpm catalog -- info` hands on. */
export const commandLine = (): string[] => process.argv.slice(2).filter((text) => text !== "--");

/** What is wrong with a command line, in one line that points to the help. */
export const usageError = (text: string): string =>
  `${text
    .replace(/^error: /, "")
    .trim()
    .replace(/\.$/, "")
    .replace(/\s*\n\s*/g, " ")}; --help shows what there is`;

/** Has a command, and those that are added to it later, say what is wrong in one line, print help, and set the exit code: 0 or 2. Parsing then throws a CommanderError. */
export function withAnswers(name: string, command: Command): Command {
  const help: string[] = [];
  return command
    .configureOutput({
      writeOut: (text) => void help.push(text),
      outputError: (text, write) => write(`${name}: ${usageError(text)}\n`),
    })
    .exitOverride((end) => {
      process.exitCode = end.exitCode === 0 ? 0 : 2;
      if (end.exitCode === 0) print(name, help.join("").trimEnd());
      throw end;
    });
}

/** Writes what was asked for to stdout. Where that cannot be written it is said, unless who read it reads no further; either way the command has failed. */
export function print(name: string, text: string): void {
  process.stdout.once("error", (error: NodeJS.ErrnoException) => {
    process.exitCode = 1;
    if (error.code !== "EPIPE") process.stderr.write(`${name}: stdout cannot be written: ${error.message}\n`);
  });
  process.stdout.write(`${text}\n`);
}

/** Runs a command, prints the line that its work answers, and sets the exit code: 0 done, 1 failed, 2 called wrongly. */
export async function runCommand(name: string, work: () => Promise<string>): Promise<void> {
  try {
    print(name, await work());
  } catch (error) {
    process.stderr.write(`${name}: ${explain(error)}\n`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}

function explain(error: unknown): string {
  if (error instanceof HiveCatalogError) return `${error.code}: ${error.message}`;
  if (error instanceof UsageError || error instanceof CommandFailure) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
