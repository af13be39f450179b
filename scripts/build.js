// What `pnpm build` runs.
import { existsSync } from "node:fs";
import { buildPackages, TSC } from "./build/packages.js";
import { print, readFlags } from "./flags.js";

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

const OPTIONS = { packages: { type: "boolean" }, "if-possible": { type: "boolean" } };

async function build({ packages, "if-possible": ifPossible }) {
  if (ifPossible && !existsSync(TSC)) return;
  await buildPackages();
  if (packages) return;
  const { buildDist } = await import("./build/dist.js");
  print("build", `built dist/ for ${await buildDist()}\n`);
}

const flags = readFlags("build", HELP, OPTIONS);
if (flags !== undefined) {
  await build(flags).catch((error) => {
    process.stderr.write(`build: ${error.message}\n`);
    process.exitCode = 1;
  });
}
