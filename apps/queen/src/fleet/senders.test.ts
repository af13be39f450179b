import { expect, test } from "vitest";
import { Senders } from "./senders.ts";

const [A, B, C] = ["10.0.0.1", "10.0.0.2", "10.0.0.3"] as const;

/** Beats of hive-a, as [seconds, address], with a stale age of a minute; returns what was said, and the memory. */
function hear(...beats: readonly (readonly [atS: number, address: string])[]) {
  const said: string[] = [];
  const onTwo = (id: string, addresses: readonly string[]) => void said.push(`${id}: ${addresses.join(" ")}`);
  const senders = new Senders({ staleAfterMs: 60_000, beatMs: 15_000, onTwo });
  for (const [atS, address] of beats) senders.heard("hive-a", address, atS * 1000);
  return { said, senders };
}

test("two that beat by turns are said once, with both addresses", () => {
  const { said, senders } = hear([0, A], [5, B], [15, A], [20, B], [30, A], [35, B]);
  expect(said).toEqual([`hive-a: ${B} ${A}`]);
  expect(senders.of("hive-a", 35_000)).toEqual({ addresses: [B, A], sinceMs: 15_000 });
  expect(senders.count(35_000)).toBe(1);
});

test("addresses are said as one writes them", () => {
  const [a, b] = [`::ffff:${A}`, `::ffff:${B}`];
  expect(hear([0, a], [5, b], [15, a]).said).toEqual([`hive-a: ${B} ${A}`]);
});

test("half an interval apart, or at the same moment, or more than two, as well", () => {
  expect(hear([0, A], [7.5, B], [15, A]).said).toHaveLength(1);
  expect(hear([0, A], [0, B], [15, B], [15, A]).said).toHaveLength(1);
  expect(hear([0, A], [5, B], [10, C], [15, A], [20, B], [25, C]).said).toHaveLength(1);
});

test("one that moves, or has two addresses, or comes back after long, is one", () => {
  expect(hear([0, A], [1, B], [16, B], [31, B]).said).toEqual([]);
  expect(hear([0, A], [15, B], [30, A], [45, B], [60, A]).said).toEqual([]);
  expect(hear([0, A], [1, B], [100, B], [101, A]).said).toEqual([]);
});

test("a beat whose connection was gone before it was looked at came from nobody else", () => {
  expect(hear([0, A], [600, ""], [600, ""], [601, A], [602, ""], [616, A]).said).toEqual([]);
  expect(hear([0, A], [5, ""], [5, B], [15, A]).said).toHaveLength(1);
});

test("it is over when one of them is silent for a stale age, and said again when it comes back", () => {
  const { said, senders } = hear([0, A], [5, B], [15, A], [30, A], [45, A], [60, A]);
  expect(senders.of("hive-a", 60_000)).toBeDefined();
  senders.heard("hive-a", A, 75_000);
  expect(senders.of("hive-a", 75_000)).toBeUndefined();
  expect(senders.count(75_000)).toBe(0);
  for (const [atS, address] of [
    [80, B],
    [90, A],
  ] as const)
    senders.heard("hive-a", address, atS * 1000);
  expect(said).toHaveLength(2);
});

test("a hive that is removed is forgotten", () => {
  const { senders } = hear([0, A], [5, B], [15, A]);
  senders.forget("hive-a");
  expect(senders.of("hive-a", 15_000)).toBeUndefined();
  expect(senders.count(15_000)).toBe(0);
});
