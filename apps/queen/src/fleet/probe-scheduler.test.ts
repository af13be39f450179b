import { expect, onTestFinished, test } from "vitest";
import { FakeClock } from "../../test/fake-clock.ts";
import { until } from "../../test/until.ts";
import { ProbeScheduler } from "./probe-scheduler.ts";

/** Checks that hang until they are ended. */
function newChecks() {
  const clock = new FakeClock();
  const scheduler = new ProbeScheduler(clock);
  const hanging: (() => void)[] = [];
  const check = () => new Promise<void>((resolve) => void hanging.push(resolve));
  const endAll = () => {
    for (const end of hanging.splice(0)) end();
  };
  return { clock, scheduler, hanging, check, endAll };
}

async function* numbers(count: number): AsyncGenerator<number, undefined> {
  for (let n = 0; n < count; n += 1) yield n;
}

/** Keeps the event loop busy. */
function startBusyLoop() {
  const keepBusy = () => {
    const untilMs = performance.now() + 5;
    while (performance.now() < untilMs);
    next = setImmediate(keepBusy);
  };
  let next = setImmediate(keepBusy);
  onTestFinished(() => clearImmediate(next));
}

test("checks every hive, and 32 at once at most", async () => {
  let [open, most, checked] = [0, 0, 0];
  const failures = await newChecks().scheduler.run(numbers(450), async () => {
    open += 1;
    most = Math.max(most, open);
    await new Promise(setImmediate);
    open -= 1;
    checked += 1;
  });
  expect({ failures, checked, open }).toEqual({ failures: [], checked: 450, open: 0 });
  expect(most).toBeLessThanOrEqual(32);
});

test("hives that hang hold up no others: after a while their places are free, and the run ends when they do", async () => {
  const { clock, scheduler, hanging, check, endAll } = newChecks();
  let isOver = false;
  const run = scheduler.run(numbers(80), check).then(() => {
    isOver = true;
  });
  await until("all places are taken", () => hanging.length === 32);
  clock.advance(250);
  await until("more are asked while those hang", () => hanging.length === 64);
  clock.advance(250);
  await until("the last ones are asked", () => hanging.length === 80);
  expect(isOver).toBe(false);
  endAll();
  await run;
});

test("a loop that is busy to the end keeps no hive from being checked", async () => {
  const { scheduler } = newChecks();
  startBusyLoop();
  let checked = 0;
  await scheduler.run(numbers(50), async () => void checked++);
  expect(checked).toBe(50);
});

test("a check that fails ends no other one, and its error is handed back", async () => {
  let checked = 0;
  const failures = await newChecks().scheduler.run(numbers(100), async (n) => {
    checked += 1;
    if (n === 5) throw new Error("of the sixth hive");
  });
  expect(failures).toEqual([new Error("of the sixth hive")]);
  expect(checked).toBe(100);
});

test("a list of hives that breaks off rejects the run, once the checks that run have ended", async () => {
  const { scheduler, hanging, check, endAll } = newChecks();
  async function* brokenOff(): AsyncGenerator<number, undefined> {
    yield* numbers(3);
    throw new Error("the catalog is away");
  }
  let isOver = false;
  const run = scheduler.run(brokenOff(), check).finally(() => {
    isOver = true;
  });
  run.catch(() => undefined);
  await until("three are asked", () => hanging.length === 3);
  expect(isOver).toBe(false);
  endAll();
  await expect(run).rejects.toThrow("the catalog is away");
});
