import { expect, test } from "vitest";
import { inBatches } from "./turn.ts";

test("every item comes once and in order, so many at a time", async () => {
  const batches: number[][] = [];
  for await (const batch of inBatches([1, 2, 3, 4, 5], 2)) batches.push(batch);
  expect(batches).toEqual([[1, 2], [3, 4], [5]]);
  for await (const batch of inBatches([], 2)) expect(batch).toBe("none");
});

test("what waits has its turn between two batches, and the next one sees what it changed", async () => {
  const items = new Set([1, 2, 3, 4]);
  setImmediate(() => items.delete(3));
  const seen: number[][] = [];
  for await (const batch of inBatches(items, 2)) seen.push(batch);
  expect(seen).toEqual([[1, 2], [4]]);
});
