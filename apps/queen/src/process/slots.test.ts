import { expect, test } from "vitest";
import { type Slot, Slots } from "./slots.ts";

/** What has come by now, by the positions of the slots. */
async function comeOf(slots: readonly Slot[]): Promise<number[]> {
  const come: number[] = [];
  for (const [position, slot] of slots.entries()) void slot.come.then(() => come.push(position));
  await new Promise(setImmediate);
  return come;
}

test("lets in so many at once, and the others in the order in which they came", async () => {
  const slots = new Slots(2);
  const taken = Array.from({ length: 5 }, () => slots.take());
  expect(taken.map(({ isAwaited }) => isAwaited)).toEqual([false, false, true, true, true]);
  expect(await comeOf(taken)).toEqual([0, 1]);
  taken[1]?.free();
  expect(await comeOf(taken)).toEqual([0, 1, 2]);
  for (const position of [0, 2]) taken[position]?.free();
  expect(await comeOf(taken)).toEqual([0, 1, 2, 3, 4]);
});

test("whoever leaves the line keeps nobody waiting", async () => {
  const slots = new Slots(1);
  const [first, second, third] = [slots.take(), slots.take(), slots.take()];
  second.free();
  first.free();
  expect(await comeOf([second, third])).toEqual([1]);
  third.free();
  expect(slots.take().isAwaited).toBe(false);
});
