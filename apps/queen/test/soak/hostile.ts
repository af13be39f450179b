import { rmSync } from "node:fs";
import { readOptions } from "@repo/settings";
import { Command, InvalidArgumentError } from "commander";
import { SETTINGS } from "../../src/config/settings.ts";
import { CAN_BE_OTHERS } from "./attacks/file.ts";
import { reportOf } from "./report.ts";
import { newFolder } from "./site.ts";
import { soak } from "./soak.ts";

interface Options {
  minutes: number;
  hives: number;
  seed: number;
  staleAfterMs: number;
  json?: true;
}

const STOPPED = 130;
const MAX_TOLD = 30;
/** With the others as many as one page of a list has. */
const MAX_HIVES = 800;

const command = new Command("pnpm soak --hostile")
  .description(
    "Attacks two queens at random, in all the ways that are known to have been tried, while a fleet of honest hives beats and loses some of them: no living hive may be marked offline, each loss must be found within twice the usual time, the slowest hundredth of the beats must be answered within 250 ms, and the memory of a queen must stay below 600 MB and, over ten minutes and more, flat. One queen is locked; the other is open on loopback, and has a certificate that has expired. Needs Linux and openssl; run as root, it also is another user of the machine. What goes wrong with commands (misspelt settings, files of tokens that others may read, the wrong catalog) is no attack of it: tests have that.",
  )
  .option("--minutes <n>", "how long to attack; it ends when the last losses were found", positive, 15)
  .option("--hives <n>", "honest ones", wholeNumber(10, MAX_HIVES), 200)
  .option(
    "--stale-after-ms <ms>",
    "of the queens; what follows from it follows",
    wholeNumber(1000, 600_000),
    SETTINGS.defaults.staleAfterMs,
  )
  .option("--seed <n>", "of all random numbers (default: a new one)", wholeNumber(0, 2 ** 30))
  .option("--json", "print what was seen as one JSON object, too")
  .addHelpText(
    "after",
    "\nExit codes: 0 all was as it should be, 1 something was not, 2 called wrongly, 130 stopped.\nExample: pnpm soak --hostile --minutes 2 --seed 7",
  );

const options = await readOptions<Omit<Options, "seed"> & Partial<Options>>("soak", command);
// Whoever stops it does not wait for hives that are away.
if (options !== undefined) process.exit(await run({ seed: Math.floor(Math.random() * 2 ** 30), ...options }));

async function run({ json, ...options }: Options): Promise<number> {
  const say = (text: string) => console.log(text.replaceAll(/^/gm, "soak: "));
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stopping.abort());
  const folder = newFolder();
  say(`seed ${options.seed}`);
  if (!CAN_BE_OTHERS) say("only root can be another user of the machine: nobody else tries the catalog's file");
  const outcome = await soak({ ...options, folder, onProgress: say, stop: stopping.signal });
  if (json) console.log(JSON.stringify({ seed: options.seed, ...outcome }));
  say(reportOf(outcome));
  const { problems } = outcome;
  for (const problem of problems.slice(0, MAX_TOLD)) console.error(`soak: ${problem}`);
  if (problems.length > MAX_TOLD) console.error(`soak: and ${problems.length - MAX_TOLD} more`);
  const isStopped = stopping.signal.aborted;
  if (isStopped || problems.length === 0) rmSync(folder, { recursive: true });
  else say(`the catalogs and the queens' logs stay in ${folder}`);
  say(`${isStopped ? "stopped" : problems.length === 0 ? "clean" : "FAILED"}, seed ${options.seed}`);
  return isStopped ? STOPPED : problems.length === 0 ? 0 : 1;
}

function positive(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= 1440) return value;
  throw new InvalidArgumentError("It must be a number above 0, at most 1440.");
}

function wholeNumber(min: number, max: number) {
  return (text: string): number => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}
