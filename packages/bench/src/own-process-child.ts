/** Runs one benchmark, tells of its progress by messages, and prints its results as JSON. */
import { measuredInProcess } from "./own-process.ts";

// Nobody waits for the results any more.
process.once("disconnect", () => process.exit(1));

const [name = "", folder = "", extent] = process.argv.slice(2);
const progress = (doing: string) => void process.send?.(doing);
try {
  const benchmark = measuredInProcess.find((known) => known.name === name);
  if (benchmark === undefined) throw new Error(`there is no benchmark '${name}'`);
  const results = await benchmark.run({ quick: extent === "quick", folder, progress });
  process.stdout.write(JSON.stringify(results));
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
process.channel?.unref();
