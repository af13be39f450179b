import { expect, test } from "vitest";
import { Pace } from "./pace.ts";

const INTERVAL_MS = 15_000;

/** When the beats of a hive come that does as it is told, from the first one on. */
function beatsOf(pace: Pace, ordinal: number, firstMs: number, untilMs: number, answersProbes = true): number[] {
  const beats: number[] = [];
  for (let atMs = firstMs; atMs < untilMs; atMs += pace.nextBeatMs(ordinal, answersProbes, atMs)) beats.push(atMs);
  return beats;
}

test.each([10, 333, 10_000])("%s hives that all begin at once beat evenly after one interval", (hives) => {
  const pace = new Pace(INTERVAL_MS);
  const perSecond = new Array<number>(15).fill(0);
  for (let ordinal = 0; ordinal < hives; ordinal += 1) {
    const beats = beatsOf(pace, ordinal, 1000, 5 * INTERVAL_MS).filter(
      (atMs) => atMs >= 3 * INTERVAL_MS && atMs < 4 * INTERVAL_MS,
    );
    expect(beats).toHaveLength(1);
    const second = Math.floor(((beats[0] ?? 0) % INTERVAL_MS) / 1000);
    perSecond[second] = (perSecond[second] ?? 0) + 1;
  }
  expect(Math.max(...perSecond) - Math.min(...perSecond)).toBeLessThanOrEqual(Math.max(2, hives / 100));
});

test("never asks for a wait of more than an eighth above the interval, nor for one of nothing", () => {
  const pace = new Pace(INTERVAL_MS);
  for (let ordinal = 0; ordinal < 500; ordinal += 1) {
    const waitMs = pace.nextBeatMs(ordinal, true, ordinal * 777.7);
    expect(waitMs).toBeGreaterThan(INTERVAL_MS / 8 - 1);
    expect(waitMs).toBeLessThanOrEqual((INTERVAL_MS * 9) / 8 + 1);
    expect(Number.isInteger(waitMs)).toBe(true);
  }
});

test("asks hives that answer probes for half as many beats while it is slow to store them, and for all of them again later", () => {
  const pace = new Pace(INTERVAL_MS);
  const rate = (answersProbes: boolean) => beatsOf(pace, 7, 0, 20 * INTERVAL_MS, answersProbes).length;
  const before = rate(true);
  for (let beat = 0; beat < 300; beat += 1) pace.stored(400);
  expect(rate(true)).toBeLessThanOrEqual(before / 2 + 1);
  expect(rate(false)).toBe(before);
  for (let beat = 0; beat < 300; beat += 1) pace.stored(100);
  expect(rate(true)).toBeLessThanOrEqual(before / 2 + 1);
  for (let beat = 0; beat < 300; beat += 1) pace.stored(2);
  expect(rate(true)).toBe(before);
});
