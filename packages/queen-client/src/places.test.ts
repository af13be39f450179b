import { expect, test } from "vitest";
import { isUpTo } from "./places.ts";

test("what stands at a position has what happened until then, and nothing of another start of the queen", () => {
  const has = (place: string, position?: string) => isUpTo(place, position);
  expect([has("a-4", "a-5"), has("a-5", "a-5"), has("a-6", "a-5")]).toEqual([true, true, false]);
  expect([has("b-1", "a-5"), has("a-1")]).toEqual([false, false]);
});
