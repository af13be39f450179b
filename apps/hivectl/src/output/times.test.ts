import { expect, test } from "vitest";
import { duration, timesFor } from "./times.ts";

test.each([
  [-5, "0s"],
  [999, "0s"],
  [59_999, "59s"],
  [60_000, "1m"],
  [7_199_999, "1h"],
  [86_400_000 * 3, "3d"],
])("%i ms are %s", (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test("people are told how long ago it was, or will be, and programs when", () => {
  const nowMs = Date.UTC(2026, 0, 1);
  const people = timesFor(true, nowMs);
  expect([people.at(nowMs - 720_000), people.at(nowMs + 5000), people.since(nowMs - 720_000), people.at(null)]).toEqual(
    ["12m ago", "in 5s", "12m", "-"],
  );
  expect(timesFor(false, nowMs).at(nowMs)).toBe("2026-01-01T00:00:00.000Z");
});
