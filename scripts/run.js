// Runs a program of this repository, from a bundle of its TypeScript as it is now: `node scripts/run.js apps/queen/src/main.ts --help`.
import { pathToFileURL } from "node:url";

const DAEMONS = ["apps/queen/src/main.ts", "apps/hive/src/agent.ts"];
const [, , source, ...args] = process.argv;
if (source === undefined) fail(2, "takes the source of a program, and what that takes");
// What runs until it is stopped ends well, too, where that comes before it listens for it, and so before all else here; whatever else was called was not done.
if (runsUntilStopped(source, args)) {
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.on(signal, () => process.listenerCount(signal) > 1 || process.exit());
  }
}
const { bundleOf } = await import("./build/cache.js");
const bundle = await bundleOf(source).catch((error) => fail(1, error.message));
// The program finds what is for it where every program does.
process.argv.splice(1, 2, bundle);
process.setSourceMapsEnabled(true);
await import(pathToFileURL(bundle));

/** A daemon that is given a command, or is to read once, ends by itself. */
function runsUntilStopped(program, words) {
  if (program.startsWith("scripts/")) return true;
  // `pnpm queen -- token list` hands the dashes on.
  const [first = "-"] = words.filter((word) => word !== "--");
  return DAEMONS.includes(program) && first.startsWith("-") && !words.includes("--once");
}

function fail(exitCode, problem) {
  process.stderr.write(`run: ${problem}\n`);
  process.exit(exitCode);
}
