import { expect, test } from "vitest";
import { duration, exactDuration, parseDuration, parseTime, timesByClock, timesFor } from "./times.ts";

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

test.each([
  [7_199_000, "in 2h"],
  [5_399_000, "in 1h"],
  [86_399_000, "in 1d"],
  [400, "in 0s"],
])("of what ends in %i ms it is said that it ends %s", (leftMs, text) => {
  expect(timesFor(true, 0).at(leftMs)).toBe(text);
});

test("in lines that stay times are said by the clock of this machine, and of another day with their day", () => {
  const nowMs = new Date(2026, 2, 4, 10, 26, 4).getTime();
  const times = timesByClock(nowMs);
  expect([times.at(nowMs - 65_000), times.since(nowMs), times.at(undefined)]).toEqual(["10:24:59", "10:26:04", "-"]);
  expect(times.at(new Date(2026, 2, 3, 23, 5, 9).getTime())).toBe("2026-03-03 23:05:09");
});

test.each([
  ["30", 30_000],
  ["90s", 90_000],
  ["500ms", 500],
  ["1h30m", 5_400_000],
  ["1d12H", 129_600_000],
  ["2m5s10ms", 125_010],
])("the duration %s is %i ms, and is said exactly", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
  expect(parseDuration(exactDuration(ms))).toBe(ms);
});

test.each(["", "0", "0s", "m", "30m1h", "1h30", "1.5h", "-5m", "soon", "1w"])("%j is no duration", (text) => {
  expect(parseDuration(text)).toBe(undefined);
});

test("a time is one of ISO 8601 with its zone", () => {
  const timeMs = Date.UTC(2026, 11, 1, 8);
  const times = ["2026-12-01T08:00Z", "2026-12-01t08:00:00.000z", "2026-12-01T10:00+02:00", "2026-12-01T10:00:00+0200"];
  expect(times.map(parseTime)).toEqual(times.map(() => timeMs));
  for (const text of ["2026-12-01", "2026-12-01T08:00", "2026-13-01T08:00Z", "yesterday", "10m"]) {
    expect(parseTime(text)).toBe(undefined);
  }
});
