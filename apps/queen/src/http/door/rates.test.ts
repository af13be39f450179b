import { expect, test } from "vitest";
import { RateLimit } from "./rates.ts";

test("lets one second's worth through at once, and then one for each interval", () => {
  const limit = new RateLimit(10);
  const waits = Array.from({ length: 12 }, () => limit.waitMs("a", 5000));
  expect(waits).toEqual([...Array(10).fill(0), 100, 100]);
  expect(limit.waitMs("a", 5099)).toBeCloseTo(1);
  expect([limit.waitMs("a", 5100), limit.waitMs("a", 5100)]).toEqual([0, 100]);
});

test.each([1, 3, 7, 500, 999])("lets %i through at once and not one more, at any time", (perSecond) => {
  const limit = new RateLimit(perSecond);
  for (const nowMs of [0.1, 123_456.789, 1e9 + 0.3]) {
    let passed = 0;
    while (limit.waitMs(`${nowMs}`, nowMs) === 0) passed++;
    expect(passed).toBe(perSecond);
  }
});

test("a request that was refused costs nothing", () => {
  const limit = new RateLimit(1);
  for (let n = 0; n < 100; n++) limit.waitMs("a", 0);
  expect(limit.waitMs("a", 1000)).toBe(0);
});

test("takes any steady rate up to its own for ever", () => {
  const limit = new RateLimit(20);
  for (let n = 0; n < 1000; n++) expect(limit.waitMs("a", n * 50)).toBe(0);
});

test("keeps keys apart", () => {
  const limit = new RateLimit(1);
  expect([limit.waitMs("a", 0), limit.waitMs("a", 0)]).toEqual([0, 1000]);
  expect(limit.waitMs("b", 0)).toBe(0);
});

test("remembers a bounded number of keys, and first forgets those that would be let through anyway", () => {
  const limit = new RateLimit(1);
  for (let n = 0; n < 65_535; n++) limit.waitMs(`old ${n}`, 0);
  for (let n = 0; n < 3; n++) limit.waitMs("busy", 9000);
  limit.waitMs("one more", 10_000);
  expect(limit.size).toBeLessThan(10);
  expect(limit.waitMs("busy", 10_000)).toBe(0);
  expect(limit.waitMs("busy", 10_000)).toBeGreaterThan(0);
  for (let n = 0; n < 70_000; n++) limit.waitMs(`attacker ${n}`, 10_001);
  expect(limit.size).toBeLessThanOrEqual(65_536);
});
