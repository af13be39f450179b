import { expect, test } from "vitest";
import { isoTime, parseTime } from "./times.ts";

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
