import { type ParseArgsConfig, parseArgs } from "node:util";
import { commandLine, UsageError, usageError } from "./command.ts";

type Options = NonNullable<ParseArgsConfig["options"]>;

/** Reads the flags of the command line; `--help` is always one of them. Throws a UsageError for anything else that stands there. */
export function readFlags<const Flags extends Options>(options: Flags) {
  try {
    return parseArgs({ args: commandLine(), options: { ...options, help: { type: "boolean", short: "h" } } }).values;
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new UsageError(usageError(problem.replace(/^Unknown/, "unknown")));
  }
}
