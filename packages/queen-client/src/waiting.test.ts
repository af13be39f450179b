import { expect, test } from "vitest";
import { MAX_TIMER_MS, wait, within } from "./waiting.ts";

/** Whatever keeps a program from its end. */
const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;

test("a signal ends a wait, also one that came before it, and nothing keeps the program", async () => {
  const before = timers();
  const stop = new AbortController();
  const waiting = wait(MAX_TIMER_MS, stop.signal);
  stop.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
  await expect(wait(MAX_TIMER_MS, stop.signal)).rejects.toThrow("enough");
  expect(timers()).toBe(before);
});

test("what came in time leaves no timer", async () => {
  const before = timers();
  expect(await within(MAX_TIMER_MS, Promise.resolve("come"), "late")).toBe("come");
  expect(timers()).toBe(before);
});
