// Runs a program of this repository, from a bundle of its TypeScript as it is now: `node scripts/run.js apps/queen/src/main.ts --help`.
import { pathToFileURL } from "node:url";
import { bundleOf } from "./build/cache.js";

const [, , source] = process.argv;
if (source === undefined) fail(2, "takes the source of a program, and what that takes");
// What stands beside this runs until it is stopped: it ends well, too, where that comes before it listens for it.
if (source.startsWith("scripts/")) {
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.on(signal, () => process.listenerCount(signal) > 1 || process.exit(0));
  }
}
const bundle = await bundleOf(source).catch((error) => fail(1, error.message));
// The program finds what is for it where every program does.
process.argv.splice(1, 2, bundle);
process.setSourceMapsEnabled(true);
await import(pathToFileURL(bundle));

function fail(exitCode, problem) {
  process.stderr.write(`run: ${problem}\n`);
  process.exit(exitCode);
}
