import { basename, relative } from "node:path";
import { onStopSignals } from "@repo/processes";
import { EXIT, Interrupted } from "./failure.ts";
import { run } from "./program.ts";

const stop = new AbortController();
onStopSignals(
  () => stop.abort(new Interrupted("interrupted")),
  () => process.exit(EXIT.interrupted),
);
// What cannot be written to stdout, its writer is told; and of stderr there is nobody left to tell.
process.stdout.on("error", () => undefined);
process.stderr.on("error", () => undefined);

const { env, stdin, stdout, stderr, argv } = process;
const command = env.HIVECTL_COMMAND || commandOf(argv[1] ?? "");
const world = { env, stdin, stdout, stderr, command, signal: stop.signal, now: Date.now };
process.exitCode = await run(argv.slice(2), world);
// Neither a terminal that was asked something nor a connection that is kept holds up the end.
stdin.unref?.();

/** What calls hivectl as it was called now: `dist/hivectl.js` is run by Node, and a bundle of this repository by its script. */
function commandOf(file: string): string {
  if (basename(file) !== "hivectl.js") return basename(file) === "hivectl" ? "hivectl" : "pnpm -s hivectl";
  return `node ${near(file)}`;
}

function near(file: string): string {
  try {
    const path = relative("", file);
    return path.startsWith("..") ? file : path;
  } catch {
    return file; // The working folder is not there any more.
  }
}
