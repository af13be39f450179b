import type { Outcome } from "./simulation.ts";

/** The value below which that share of them lies; they are in order. */
function percentile(ordered: readonly number[], share: number): number | undefined {
  return ordered[Math.min(ordered.length - 1, Math.floor(share * ordered.length))];
}

interface NamedOutcome {
  readonly name: string;
  /** False of a queen who lacks a rule. */
  readonly hasAllRules: boolean;
  readonly outcome: Outcome;
}

export interface SeedResult {
  readonly seed: number;
  readonly tookMs: number;
  readonly outcomes: readonly NamedOutcome[];
}

/** What must not be: a living hive marked that could be reached, or a loss not found, by the queen as she is, in any fleet. */
export function problemsOf({ outcomes }: SeedResult): string[] {
  return outcomes
    .filter(({ hasAllRules }) => hasAllRules)
    .flatMap(({ name, outcome: { falseMarks, missedLosses, losses } }) => [
      ...(falseMarks > 0 ? [`${name}: ${falseMarks} false offline marks without a partition`] : []),
      ...(missedLosses > 0 ? [`${name}: ${missedLosses} of ${losses} losses were not found`] : []),
    ]);
}

const SHARES = [
  ["p50", 0.5],
  ["p90", 0.9],
  ["p99", 0.99],
  ["max", 1],
] as const;

export const detectionOf = (orderedMs: readonly number[]) =>
  Object.fromEntries(SHARES.map(([name, share]) => [name, percentile(orderedMs, share) ?? null]));

const seconds = (orderedMs: readonly number[]): string =>
  SHARES.map(([, share]) => {
    const ms = percentile(orderedMs, share);
    return (ms === undefined ? "–" : (ms / 1000).toFixed(0)).padStart(5);
  }).join("");

const number = (value: number): string => value.toLocaleString("en");

/** For people. */
export function textOf({ seed, tookMs, outcomes }: SeedResult): string {
  const first = outcomes[0]?.outcome;
  if (first === undefined) return "";
  const { beats, probes, losses, notices } = first;
  const head = `seed ${seed}: ${number(beats)} beats, ${number(probes)} probes, ${number(losses)} losses, in ${(tookMs / 1000).toFixed(0)} s`;
  const said = Object.entries(notices).map(([kind, count]) => `${kind} ${count}`);
  const rows = outcomes.map(({ name, outcome }) =>
    [
      name.padEnd(22),
      number(outcome.falseMarks).padStart(11),
      number(outcome.partitionMarks).padStart(13),
      number(outcome.missedLosses).padStart(8),
      `   ${seconds(outcome.detectionMs)}`,
      `   ${seconds(outcome.massDetectionMs)}`,
    ].join(""),
  );
  const shares = SHARES.map(([name]) => name.padStart(5)).join("");
  const margin = " ".repeat(22);
  return [
    head,
    `the queen noticed: ${said.join(", ")}`,
    `${margin}      false        marks  missed   seconds of her waking time until a loss was found`,
    `${margin}      marks in partitions  losses   ${"of a single hive".padEnd(20)}   in a mass failure`,
    `${margin}${" ".repeat(35)}${shares}   ${shares}`,
    ...rows,
  ].join("\n");
}
