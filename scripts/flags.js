import { writeSync } from "node:fs";
import { parseArgs } from "node:util";

/** What the command line of a script says; undefined where that was help, or wrong, and the answer has been given. */
export function readFlags(program, help, options = {}) {
  // `pnpm build -- --help` hands the dashes on.
  const args = process.argv.slice(2).filter((text) => text !== "--");
  try {
    const { values } = parseArgs({ args, options: { ...options, help: { type: "boolean", short: "h" } } });
    if (!values.help) return values;
    print(program, help);
  } catch (error) {
    const [problem] = error.message
      .replace(/^(?:Unknown|Unexpected)/, "unknown")
      .split(/\. (?:To specify|This command)/);
    process.stderr.write(`${program}: ${problem}; --help shows what there is\n`);
    process.exitCode = 2;
  }
}

/** Writes to stdout. Where it cannot be written that is said, unless who read it reads no further; either way the program has failed. */
export function print(program, text) {
  try {
    writeSync(1, text);
  } catch (error) {
    if (error.code !== "EPIPE") process.stderr.write(`${program}: stdout cannot be written: ${error.message}\n`);
    process.exitCode = 1;
  }
}
