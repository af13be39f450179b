import { expect, test } from "vitest";
import { aHive, openTestCatalog } from "../../testing.ts";
import { LoopBudget, Turn, turnOfTheLoop } from "./mutex.ts";

test("turns are taken in the order in which they were asked for, one at a time", async () => {
  const turn = new Turn();
  const order: string[] = [];
  const work = (name: string) =>
    turn.run(async () => {
      order.push(`${name} begins`);
      await turnOfTheLoop();
      order.push(`${name} ends`);
    });
  const early = Promise.all([work("1"), work("2"), work("3")]);
  await turnOfTheLoop();
  await Promise.all([early, work("4")]);
  await work("5");
  expect(order).toEqual(["1", "2", "3", "4", "5"].flatMap((name) => [`${name} begins`, `${name} ends`]));
});

test("a turn ends when its work fails", async () => {
  const turn = new Turn();
  await expect(turn.run(() => Promise.reject(new Error("failed")))).rejects.toThrow("failed");
  expect(await turn.run(() => "next")).toBe("next");
});

test("a budget is spent when the loop has not turned, and whole again when it has", async () => {
  const budget = new LoopBudget();
  expect(budget.isSpent()).toBe(false);
  while (!budget.isSpent()) {
    // Holds the loop until the budget says so.
  }
  await turnOfTheLoop();
  expect(budget.isSpent()).toBe(false);
});

test("the event loop turns while a caller awaits call after call", async () => {
  await using catalog = await openTestCatalog();
  await catalog.addHive(aHive());
  let hasTurned = false;
  setImmediate(() => {
    hasTurned = true;
  });
  const bound = 1_000_000;
  let calls = 0;
  while (!hasTurned && calls < bound) {
    await catalog.getHive(aHive().id);
    calls++;
  }
  expect(calls).toBeLessThan(bound);
});
