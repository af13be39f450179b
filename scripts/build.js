// What `pnpm build` runs.
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { buildPackages, TSC } from "./build/packages.js";

const HELP = `Usage: pnpm build [options]

Makes dist/: the queen, the hive agent and their commands for this platform, as files that need nothing but Node.
Makes dist/ in each package that other repositories load too: JavaScript and declarations. What is up to date there stays as it is.

Options:
  --packages     only the packages
  --if-possible  do nothing where the compiler is not installed
  -h, --help     show this help

Exit codes: 0 built or up to date, 1 something does not compile, 2 called wrongly.
Example: pnpm build
`;

const OPTIONS = {
  packages: { type: "boolean" },
  "if-possible": { type: "boolean" },
  help: { type: "boolean", short: "h" },
};

/** What the command line says, or undefined when it was called wrongly. */
function readFlags() {
  // `pnpm build -- --help` hands the dashes on.
  const args = process.argv.slice(2).filter((text) => text !== "--");
  try {
    return parseArgs({ args, options: OPTIONS }).values;
  } catch (error) {
    process.stderr.write(`build: ${error.message.replace(/^Unknown/, "unknown")}; --help shows what there is\n`);
    process.exitCode = 2;
  }
}

async function build({ packages, "if-possible": ifPossible }) {
  if (ifPossible && !existsSync(TSC)) return;
  await buildPackages();
  if (packages) return;
  const { buildDist } = await import("./build/dist.js");
  process.stdout.write(`built dist/ for ${await buildDist()}\n`);
}

const flags = readFlags();
if (flags?.help) process.stdout.write(HELP);
else if (flags !== undefined) {
  await build(flags).catch((error) => {
    process.stderr.write(`build: ${error.message}\n`);
    process.exitCode = 1;
  });
}
