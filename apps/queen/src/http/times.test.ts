import { expect, test } from "vitest";
import { isoTime, parseDuration, parseTime } from "./times.ts";

const TEN = Date.parse("2025-10-21T10:00:00Z");

test.each([
  ["2025-10-21T10:00:00Z", TEN],
  ["2025-10-21t10:00:00z", TEN],
  ["2025-10-21T10:00Z", TEN],
  ["2025-10-21T12:00:00+02:00", TEN],
  ["2025-10-21T10:00:00+0000", TEN],
  ["2025-10-21T10:00-0000", TEN],
  ["2025-10-21T12:30:00+0230", TEN],
  ["2025-10-21T05:00-05", TEN],
  ["2025-10-21T10:00:00.5Z", TEN + 500],
  ["2025-10-21T10:00:00.123456789+0000", TEN + 123],
  ["2025-10-21T09:59:60Z", TEN],
  ["2025-10-21T09:59:60.25+0000", TEN + 250],
  ["2016-12-31T23:59:60Z", Date.parse("2017-01-01T00:00:00Z")],
])("%s is a time", (text, timeMs) => {
  expect(parseTime(text)).toBe(timeMs);
});

test.each([
  "2025-10-21T10:00:00",
  "2025-10-21",
  "2025-02-30T10:00Z",
  "2025-10-21T24:00Z",
  "2025-10-21T10:60Z",
  "2025-10-21T10:00:61Z",
  "2025-10-21T10:00.5Z",
  "2025-10-21T10:00:00+24:00",
  "Tue, 21 Oct 2025 10:00:00 GMT",
  `2025-10-21T10:00:00.${"0".repeat(300)}Z`,
  "",
])("%j is none", (text) => {
  expect(parseTime(text)).toBeUndefined();
});

test("what is handed on is RFC 3339: an odd time in UTC, a usual one as it came", () => {
  const handedOn = (text: string) => isoTime.parse(text);
  expect(handedOn("2025-10-21T12:00:00+02:00")).toBe("2025-10-21T12:00:00+02:00");
  expect(handedOn("2025-10-21T12:00+0200")).toBe("2025-10-21T10:00:00.000Z");
});

test.each([
  ["90s", 90_000],
  ["15m", 900_000],
  ["2h", 7_200_000],
  ["7d", 604_800_000],
  ["2H", 7_200_000],
  ["1h30m", 5_400_000],
  ["1d12h", 129_600_000],
  ["PT2H", 7_200_000],
  ["pt1h30m", 5_400_000],
  ["P7D", 604_800_000],
  ["P1DT12H", 129_600_000],
])("%s is a duration", (text, durationMs) => {
  expect(parseDuration(text)).toBe(durationMs);
});

test.each([
  "",
  "0s",
  "PT0S",
  "P",
  "PT",
  "P1DT",
  "30",
  "30m1h",
  "1.5h",
  "-1h",
  "2 hours",
  "P1M",
  "P1Y",
  "1w",
  "1234567s",
])("%j is no duration", (text) => {
  expect(parseDuration(text)).toBeUndefined();
});
