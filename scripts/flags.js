import { parseArgs } from "node:util";

/** What the command line of a script says; undefined where that was help, or wrong, and the answer has been given. */
export function readFlags(program, help, options = {}) {
  // `pnpm build -- --help` hands the dashes on.
  const args = process.argv.slice(2).filter((text) => text !== "--");
  try {
    const { values } = parseArgs({ args, options: { ...options, help: { type: "boolean", short: "h" } } });
    if (!values.help) return values;
    process.stdout.write(help);
  } catch (error) {
    const [problem] = error.message.replace(/^Unknown/, "unknown").split(". To specify");
    process.stderr.write(`${program}: ${problem}; --help shows what there is\n`);
    process.exitCode = 2;
  }
}
