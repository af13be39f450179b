import { expect, test } from "vitest";
import { batchesOf } from "./batches.ts";

test("items come in their order, in no empty batch, and in none that is too many or too long but for one that is alone", () => {
  const batches = (items: string[]) => [...batchesOf(items, { count: 2, length: 5, lengthOf: (item) => item.length })];
  expect(batches([])).toEqual([]);
  expect(batches(["too long", "ab", "c", "d"])).toEqual([["too long"], ["ab", "c"], ["d"]]);
  expect(batches(["abc", "de", "f", "too long"])).toEqual([["abc", "de"], ["f"], ["too long"]]);
});
