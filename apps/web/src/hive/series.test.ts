import { expect, test } from "vitest";
import { type Series, withReading } from "./series.ts";

test("each reading is one value, however often it is told, and the last sixty are kept", () => {
  let series: Series | undefined;
  for (const [value, readAtMs] of [
    [1, 5000],
    [1, 5180],
    [1, 4990],
    [2, 8000],
    [2, 8300],
  ] as const) {
    series = withReading(series, value, readAtMs);
  }
  expect(series?.values).toEqual([1, 2]);
  for (let n = 1; n <= 100; n++) series = withReading(series, n, 8000 + n * 3000);
  expect(series?.values).toHaveLength(60);
  expect(series?.values.at(-1)).toBe(100);
});
