import { print, readOptions } from "@repo/settings";
import type { Command } from "commander";
import { HiveCatalogError } from "../src/errors.ts";

/** The command was called wrongly: exit code 2. */
export class UsageError extends Error {}

/** The command could not do its work, for a reason that its message tells in full: exit code 1. */
export class CommandFailure extends Error {}

/** Runs a command without verbs, prints the line that its work answers, and sets the exit code: 0 done, 1 failed, 2 called wrongly. */
export async function runCommand<T extends object>(
  name: string,
  command: Command,
  work: (options: T) => Promise<string>,
): Promise<void> {
  const options = await readOptions<T>(name, command);
  if (options === undefined) return;
  try {
    await print(name, `${await work(options)}\n`);
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
