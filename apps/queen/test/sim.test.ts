import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { bundleOf } from "../../../scripts/build/cache.js";
import { inventDay } from "../sim/faults.ts";
import { dayOf, type FleetName } from "../sim/fleets.ts";
import { problemsOf } from "../sim/report.ts";
import { Simulation } from "../sim/simulation.ts";
import { VARIANTS } from "../sim/variants.ts";
import { LIVENESS_SETTINGS } from "./test-queen.ts";

const HIVES = 200;
const HOURS = 6;

function outcomeOf(variant: number, seed: number, fleet: FleetName = "usual") {
  const { rules } = VARIANTS[variant] ?? VARIANTS[0];
  const day = dayOf(fleet, inventDay(HIVES, HOURS, seed), seed);
  return new Simulation({
    hives: HIVES,
    day,
    settings: LIVENESS_SETTINGS,
    rules,
    seed,
    onProgress: () => undefined,
  }).run();
}

test("the queen marks no hive that could be reached and misses no loss, and each rule that she lacks shows", () => {
  const [all, uncorroborated, ungraced, unguarded] = VARIANTS.map((_, variant) => outcomeOf(variant, 7));
  expect(all).toMatchObject({ falseMarks: 0, missedLosses: 0 });
  expect(all?.losses).toBeGreaterThan(100);
  expect(all?.detectionMs.length).toBeGreaterThan(3);
  expect(uncorroborated?.falseMarks).toBeGreaterThan(0);
  expect(ungraced?.falseMarks).toBeGreaterThan(0);
  expect(unguarded?.partitionMarks).toBeGreaterThan(2 * (all?.partitionMarks ?? 0));
  const outcome = uncorroborated ?? outcomeOf(1, 7);
  expect(problemsOf({ seed: 7, tookMs: 0, outcomes: [{ name: "fleet a", hasAllRules: true, outcome }] })).toEqual([
    expect.stringMatching(/^fleet a: \d+ false offline marks without a partition$/),
  ]);
});

test.each(["no-beats", "dead-records", "slow-answers", "two-queens"] as const)(
  "nor in a fleet of another kind: %s",
  (fleet) => {
    const outcome = outcomeOf(0, 7, fleet);
    expect(outcome).toMatchObject({ falseMarks: 0, missedLosses: 0 });
    expect(outcome.detectionMs.length).toBeGreaterThan(3);
  },
);

test("a seed repeats a day", () => {
  expect(outcomeOf(0, 3)).toEqual(outcomeOf(0, 3));
});

const SIM = await bundleOf(fileURLToPath(new URL("../sim/main.ts", import.meta.url)));
const sim = (...args: string[]) => promisify(execFile)(process.execPath, [SIM, ...args]);

test("pnpm sim ends with 0 and says what it saw, as JSON too, and with 2 when it is called wrongly", async () => {
  const { stdout } = await sim("--hives", "50", "--hours", "1", "--seed", "4", "--json");
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines).toMatchObject([
    { seed: 4, hives: 50, hours: 1, variants: [{ name: "all rules", false_marks: 0, missed_losses: 0 }, {}, {}, {}] },
  ]);
  await expect(sim("--seed", "many")).rejects.toMatchObject({ code: 2 });
});
