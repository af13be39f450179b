import { onStopSignals } from "@repo/processes";
import { EXIT, Interrupted } from "./failure.ts";
import { run } from "./program.ts";

const stop = new AbortController();
onStopSignals(
  () => stop.abort(new Interrupted("interrupted")),
  () => process.exit(EXIT.interrupted),
);
// Whoever reads no further, as `head` does, has all that it wanted.
process.stdout.on("error", (error) =>
  process.exit("code" in error && error.code === "EPIPE" ? EXIT.done : EXIT.failed),
);

const { env, stdin, stdout, stderr, argv } = process;
process.exitCode = await run(argv.slice(2), { env, stdin, stdout, stderr, signal: stop.signal, now: Date.now });
// Neither a terminal that was asked something nor a connection that is kept holds up the end.
stdin.unref?.();
