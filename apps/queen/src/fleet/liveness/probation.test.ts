import type { HiveStatus } from "@repo/hive-catalog";
import { expect, test } from "vitest";
import { remember } from "./probation.ts";
import { type Rule, Sights } from "./sight.ts";

const SETTINGS = { flapChanges: 4, flapWindowMs: 600_000, probationMs: 100_000 };
type Step = readonly [atS: number, status: HiveStatus, rule?: Rule];

/** A hive that goes through these changes, in seconds; each is from what the one before left. */
function probationAfter(steps: readonly Step[], was: HiveStatus = "online") {
  const sight = new Sights().see("a");
  let before = was;
  for (const [atS, status, rule = "silent"] of steps) {
    remember(sight, { atMs: atS * 1000, was: before, status, rule, why: "" }, SETTINGS);
    before = status;
  }
  return sight.probation;
}

/** Down and up again, `count` times, a minute each. */
const outages = (count: number, fromS = 0): Step[] =>
  Array.from({ length: count }, (_, n): Step[] => [
    [fromS + n * 60, "offline"],
    [fromS + n * 60 + 30, "online"],
  ]).flat();

test.each<[name: string, steps: readonly Step[], untilS: number | undefined, backOffS?: number]>([
  ["as many changes as are allowed are no flapping", outages(2), undefined],
  ["one more is", [...outages(2), [120, "offline"]], 220, 100],
  ["on probation a change to online begins the wait anew, as long as before", outages(3), 250, 100],
  ["a change to offline doubles it", [...outages(3), [180, "offline"]], 380, 200],
  [
    "changes that are further apart than the window are none",
    [
      [0, "offline"],
      [200, "online"],
      [400, "offline"],
      [601, "online"],
      [602, "offline"],
    ],
    undefined,
  ],
  ["the first sight of a hive is no change", [[0, "online"], ...outages(2, 10)], undefined],
  ["what an operator does is no flapping", [...outages(2), [120, "offline", "set_by_operator"]], undefined],
  ["another program's changes are", [...outages(2), [120, "offline", "another_program"]], 220, 100],
  ["the wait doubles up to 16 times", outages(30), 29 * 60 + 30 + 1600, 1600],
  [
    "who goes off again soon after a probation waits twice as long",
    [...outages(3), ...outages(1, 300)],
    300 + 30 + 200,
    200,
  ],
  ["who flaps again long after one begins anew", [...outages(3), ...outages(3, 3000)], 3000 + 150 + 100, 100],
])("%s", (name, steps, untilS, backOffS) => {
  const first = name.startsWith("the first sight") ? "unknown" : "online";
  const expected = untilS === undefined ? undefined : { untilMs: untilS * 1000, backOffMs: (backOffS ?? 0) * 1000 };
  expect(probationAfter(steps, first)).toEqual(expected);
});
