import fc from "fast-check";
import { expect, test } from "vitest";
import { sortInTurns } from "./sort-in-turns.ts";

test("sorts as the language does, whatever there is and however much, and keeps equal ones in their order", async () => {
  const item = fc.record({ value: fc.integer({ min: 0, max: 50 }), at: fc.integer() });
  const some = fc.array(item, { maxLength: 300 }).map((items) => Array.from({ length: 30 }, () => items).flat());
  await fc.assert(
    fc.asyncProperty(some, async (items) => {
      const compare = (left: { value: number }, right: { value: number }) => left.value - right.value;
      expect(await sortInTurns(items, compare)).toEqual(items.toSorted(compare));
    }),
    { numRuns: 20 },
  );
});
