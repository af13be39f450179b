import { expect, test } from "vitest";
import { oneAtATime } from "./repeat.ts";

test("what is asked for while it runs is never dropped for what comes after it, and follows once", async () => {
  const ends: (() => void)[] = [];
  let count = 0;
  const ask = oneAtATime(async () => {
    count += 1;
    await new Promise<void>((resolve) => ends.push(resolve));
  });
  const first = ask();
  for (let n = 0; n < 10; n++) await ask();
  expect(count).toBe(1);
  ends.shift()?.();
  await expect.poll(() => count).toBe(2);
  ends.shift()?.();
  await first;
  expect(count).toBe(2);
});

test("after a failure it can be asked for again", async () => {
  let count = 0;
  const ask = oneAtATime(async () => {
    count += 1;
    if (count === 1) throw new Error("broken");
  });
  await expect(ask()).rejects.toThrow("broken");
  await ask();
  expect(count).toBe(2);
});
