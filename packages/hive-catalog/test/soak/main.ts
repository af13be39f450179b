import { performance } from "node:perf_hooks";
import { readOptions } from "@repo/settings";
import { Command, InvalidArgumentError } from "commander";
import { CatalogFile } from "../catalog-file.ts";
import { type KillReport, killRepeatedly } from "../faults/killing.ts";
import { checkModel, type ModelReport } from "../model/run.ts";

type Options = { minutes?: number; kills?: number; runs?: number; seed: number };

const DEFAULT_KILLS = 500;
const DEFAULT_RUNS = 1000;
const MAX_RUNS = 2 ** 31 - 1;
const PROGRESS_MS = 5000;

const command = new Command("pnpm soak")
  .description(
    "Kills processes that change one catalog and looks for lost changes; beside that, compares catalogs with a model in random runs.",
  )
  .option(
    "--minutes <n>",
    "go on until this long is over, or until the counts that are given are reached (default: until the counts are)",
    positive,
  )
  .option(
    "--kills <n>",
    `how often to kill (default: ${DEFAULT_KILLS}; with --minutes, as often as there is time)`,
    count,
  )
  .option("--runs <n>", `runs of the model (default: ${DEFAULT_RUNS}; with --minutes, as many as there is time)`, count)
  .option("--seed <n>", "of all random numbers, to repeat a soak (default: a new one)", count)
  .addHelpText(
    "after",
    "\npnpm soak --hostile attacks a queen instead, and has a help of its own.\nExit codes: 0 nothing was lost, 1 something was, 2 called wrongly.\nExample: pnpm soak --minutes 10",
  );

const options = await readOptions<Partial<Options>>("soak", command);
if (options !== undefined) process.exitCode = await soak({ seed: newSeed(), ...options });

async function soak({ minutes, kills, runs, seed }: Options): Promise<number> {
  const timeLimitMs = minutes === undefined ? undefined : minutes * 60_000;
  const startedMs = performance.now();
  const elapsedMs = () => performance.now() - startedMs;
  let killed: KillReport = { kills: 0, acknowledged: 0, groups: 0, lost: [] };
  let model: ModelReport = { runs: 0, steps: 0, kills: 0 };
  const progress = () =>
    `${Math.round(elapsedMs() / 1000)} s: ${killed.kills} kills, ${killed.acknowledged} acknowledged changes, ` +
    `${killed.groups} group commits, ${killed.lost.length} lost; ${model.runs} runs of the model, ${model.steps} steps, ${model.kills} kills`;

  async function kill(): Promise<void> {
    const wanted = kills ?? (timeLimitMs === undefined ? DEFAULT_KILLS : Number.POSITIVE_INFINITY);
    await using file = await CatalogFile.create();
    const onKill = (report: KillReport) => {
      killed = report;
      return timeLimitMs === undefined || elapsedMs() < timeLimitMs;
    };
    await killRepeatedly(file, { kills: wanted, seed, onKill });
  }
  async function compare(): Promise<void> {
    const wanted = runs ?? (timeLimitMs === undefined ? DEFAULT_RUNS : MAX_RUNS);
    if (wanted === 0) return;
    const onRun = (report: ModelReport) => {
      model = report;
    };
    await checkModel({ runs: wanted, seed, onRun, ...(timeLimitMs !== undefined && { timeLimitMs }) });
  }

  console.log(`soak: seed ${seed}`);
  const timer = setInterval(() => console.log(`soak: ${progress()}`), PROGRESS_MS);
  const ends = await Promise.allSettled([kill(), compare()]);
  clearInterval(timer);

  const failures = ends.flatMap((end) => (end.status === "rejected" ? [String(end.reason?.stack ?? end.reason)] : []));
  const problems = [...killed.lost, ...failures];
  for (const problem of problems) console.error(`soak: ${problem}`);
  console.log(`soak: ${progress()}`);
  console.log(`soak: ${problems.length === 0 ? "clean" : "FAILED"}, seed ${seed}`);
  return problems.length === 0 ? 0 : 1;
}

function count(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a whole number from 0.");
}

function positive(text: string): number {
  const value = Number(text);
  if (value > 0 && value < 1e6) return value;
  throw new InvalidArgumentError("It must be a number above 0.");
}

function newSeed(): number {
  return Math.floor(Math.random() * 2 ** 30);
}
