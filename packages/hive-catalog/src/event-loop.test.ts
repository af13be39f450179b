import { performance } from "node:perf_hooks";
import { expect, test } from "vitest";
import { LoopBudget, turnOfTheLoop } from "./event-loop.ts";

/** Holds the event loop, as a statement does that takes long. */
function hold(): void {
  const startedMs = performance.now();
  while (performance.now() - startedMs <= 2);
}

test("a call that held the event loop makes the next one wait for its turn, also where it had waited itself", async () => {
  const budget = new LoopBudget();
  expect(budget.isSpent()).toBe(false);
  for (let calls = 0; calls < 3; calls++) {
    hold();
    expect(budget.isSpent()).toBe(true);
    await turnOfTheLoop();
  }
});

test("once the event loop has turned twice, nobody waits", async () => {
  const budget = new LoopBudget();
  budget.isSpent();
  hold();
  expect(budget.isSpent()).toBe(true);
  await turnOfTheLoop();
  await turnOfTheLoop();
  expect(budget.isSpent()).toBe(false);
});
