import { performance } from "node:perf_hooks";
import { print, readOptions } from "@repo/settings";
import { Command, InvalidArgumentError, Option } from "commander";
import { SETTINGS } from "../src/config/settings.ts";
import type { LivenessRules, LivenessSettings } from "../src/fleet/liveness/liveness.ts";
import { FLEETS, type FleetName } from "./fleets.ts";
import { detectionOf, problemsOf, type SeedResult, textOf } from "./report.ts";
import { ALL, runAll, VARIANTS } from "./variants.ts";

interface Options {
  hives: number;
  hours: number;
  seed: readonly number[];
  fleet: FleetName | "all";
  json?: true;
}

const PROGRESS_MS = 2000;

const command = new Command("pnpm sim")
  .description(
    `Sends the liveness rules of the queen through days of a simulated fleet: losses, restarts, skewed clocks, partitions, and a queen who is
restarted, stalled and suspended. Prints who was marked offline wrongly, which losses were missed and how long the others took to be found; beside that
the same for queens that lack a rule. The settings of the rules are the queen's defaults.`,
  )
  .option("--hives <n>", "size of the fleet", wholeNumber(10, 1_000_000), 10_000)
  .option("--hours <n>", "length of the day", wholeNumber(1, 240), 24)
  .addOption(
    new Option("--seed <n or n..m>", "of all random numbers: one, or several in turn")
      .argParser(seeds)
      .default([1], "1"),
  )
  .addOption(
    new Option("--fleet <name>", `the usual one beside queens that lack a rule, or another: ${aboutFleets()}; or all`)
      .choices([...Object.keys(FLEETS), "all"])
      .default("usual"),
  )
  .option("--json", "print one JSON object for each seed, times in ms")
  .addHelpText(
    "after",
    `
Exit codes: 0 all was as it should be, 1 a living hive was marked without a partition or a loss was missed, 2 called wrongly.
Example: pnpm sim --hives 1000 --hours 2 --seed 1..5`,
  );

const options = await readOptions<Options>("sim", command);
if (options !== undefined) process.exitCode = await simulate(options);

interface Case {
  readonly name: string;
  readonly fleet: FleetName;
  readonly rules: LivenessRules;
}

/** Each with the queen as she is; the usual one with queens that lack a rule, too. */
function casesOf(chosen: Options["fleet"]): Case[] {
  const fleets = chosen === "all" ? (Object.keys(FLEETS) as FleetName[]) : [chosen];
  return fleets.flatMap((fleet): Case[] =>
    fleet === "usual"
      ? VARIANTS.map(({ name, rules }) => ({ name, fleet, rules }))
      : [{ name: `fleet ${fleet}`, fleet, rules: ALL }],
  );
}

function aboutFleets(): string {
  return Object.entries(FLEETS)
    .slice(1)
    .map(([name, about]) => `${name} (${about})`)
    .join(", ");
}

async function simulate({ hives, hours, seed: all, fleet: chosen, json }: Options): Promise<number> {
  const cases = casesOf(chosen);
  const settings = defaultSettings();
  let failed = false;
  for (const seed of all) {
    const startedMs = performance.now();
    const progress = startProgress(`seed ${seed}`);
    const tasks = cases.map(({ fleet, rules }) => ({ hives, hours, seed, fleet, settings, rules }));
    const outcomes = await runAll(tasks, progress.tell).finally(progress.end);
    const named = cases.flatMap(({ name, rules }, position) => {
      const outcome = outcomes[position];
      return outcome === undefined ? [] : [{ name, hasAllRules: rules === ALL, outcome }];
    });
    const result: SeedResult = { seed, tookMs: performance.now() - startedMs, outcomes: named };
    const text = json ? JSON.stringify({ hives, hours, ...toJson(result) }) : textOf(result);
    if ((await print("sim", `${text}\n`)) !== 0) return 1;
    for (const problem of problemsOf(result)) {
      console.error(`sim: seed ${seed}: ${problem}`);
      failed = true;
    }
  }
  return failed ? 1 : 0;
}

/** Those of a queen that is told nothing else: only what a thread can be handed. */
function defaultSettings(): LivenessSettings {
  const { staleAfterMs, healthIntervalMs, massFailureShare, massFailureMin, massFailureHoldMs } = SETTINGS.defaults;
  const { flapChanges, flapWindowMs, probationMs } = SETTINGS.defaults;
  const hold = { staleAfterMs, healthIntervalMs, massFailureShare, massFailureMin, massFailureHoldMs };
  return { ...hold, flapChanges, flapWindowMs, probationMs };
}

/** A line on stderr now and then. */
function startProgress(what: string) {
  let done = 0;
  const timer = setInterval(() => console.error(`sim: ${what}: ${Math.floor(done * 100)} %`), PROGRESS_MS);
  return {
    tell: (share: number) => {
      done = share;
    },
    end: () => clearInterval(timer),
  };
}

function toJson({ seed, tookMs, outcomes }: SeedResult) {
  return {
    seed,
    took_ms: Math.round(tookMs),
    variants: outcomes.map(({ name, outcome }) => ({
      name,
      beats: outcome.beats,
      probes: outcome.probes,
      losses: outcome.losses,
      offline_marks: outcome.marks,
      false_marks: outcome.falseMarks,
      marks_in_partitions: outcome.partitionMarks,
      missed_losses: outcome.missedLosses,
      detection_ms: detectionOf(outcome.detectionMs),
      mass_detection_ms: detectionOf(outcome.massDetectionMs),
      notices: outcome.notices,
    })),
  };
}

function wholeNumber(min: number, max: number) {
  return (text: string): number => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

/** "3", or "1..5". */
function seeds(text: string): number[] {
  const [, first = "", last = first] = /^(\d{1,9})(?:\.\.(\d{1,9}))?$/.exec(text) ?? [];
  const count = Number(last) - Number(first) + 1;
  if (first === "" || count < 1 || count > 1000) {
    throw new InvalidArgumentError("It must be a number, or two such as 1..5, at most 1000 apart.");
  }
  return Array.from({ length: count }, (_, n) => Number(first) + n);
}
