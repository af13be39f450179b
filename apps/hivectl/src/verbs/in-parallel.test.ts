import { expect, test } from "vitest";
import { inParallel } from "./in-parallel.ts";

test("so many are asked for at a time and no more, and the answers stand in the order of what was asked", async () => {
  const [asked, answer] = [[] as number[], new Map<number, () => void>()];
  const all = inParallel([0, 1, 2, 3, 4], 2, async (item) => {
    asked.push(item);
    await new Promise<void>((resolve) => answer.set(item, resolve));
    return item * 10;
  });
  const isAnswered = async (item: number) => {
    answer.get(item)?.();
    // All that follows from an answer has happened in the next turn.
    await new Promise(setImmediate);
  };
  expect(asked).toEqual([0, 1]);
  await isAnswered(1);
  expect(asked).toEqual([0, 1, 2]);
  await isAnswered(2);
  await isAnswered(0);
  expect(asked).toEqual([0, 1, 2, 3, 4]);
  await isAnswered(4);
  await isAnswered(3);
  expect(await all).toEqual([0, 10, 20, 30, 40]);
});

test("of nothing there are no answers, and after the first that fails nothing more is asked", async () => {
  expect(await inParallel([], 4, async () => 1)).toEqual([]);
  const asked: number[] = [];
  const all = inParallel([0, 1, 2, 3, 4], 2, async (item) => {
    asked.push(item);
    if (item === 1) throw new Error("no 1");
    await new Promise(setImmediate);
  });
  await expect(all).rejects.toThrow("no 1");
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  expect(asked).toEqual([0, 1]);
});
