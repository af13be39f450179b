import { expect, test } from "vitest";
import { type Clock, systemClock, toWallMs } from "./clock.ts";

test("a monotonic time stays the same by the wall clock, which shows whole milliseconds, until that is set", () => {
  let ms = 0;
  let setByMs = 0;
  const clock: Clock = {
    ...systemClock,
    now: () => Math.floor(1_761_040_000_000.4 + ms) + setByMs,
    monotonicNow: () => 1000.7 + ms,
  };
  const seen = new Set<number>();
  for (; ms < 100; ms += 0.3) seen.add(toWallMs(500, clock));
  expect(seen.size).toBe(1);
  const [first = 0] = seen;
  for (setByMs of [-3_600_000, -3_599_990]) {
    expect(Math.abs(toWallMs(500, clock) - (first + setByMs))).toBeLessThanOrEqual(1);
  }
});
