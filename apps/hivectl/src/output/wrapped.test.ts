import { expect, test } from "vitest";
import { wrapped } from "./wrapped.ts";

const FACTS =
  "Status:      offline: no heartbeat came for a minute, and its port is closed\nLabels:      env=production,rack=r12,zone=z1\n";

test("long lines go on below their last column, broken behind words and commas", () => {
  expect(wrapped(FACTS, 40).split("\n")).toEqual([
    "Status:      offline: no heartbeat came",
    "             for a minute, and its port",
    "             is closed",
    "Labels:      env=production,rack=r12,",
    "             zone=z1",
    "",
  ]);
});

test("what is no wider than the terminal, or written to a pipe, stays as it is", () => {
  expect(wrapped(FACTS, 80)).toBe(FACTS);
  expect(wrapped(FACTS, undefined)).toBe(FACTS);
});

test("a word that is longer than a line, and a column at its end, are broken where there is room", () => {
  expect(wrapped("x".repeat(25), 10).split("\n")).toEqual(["x".repeat(10), "    xxxxxx", "    xxxxxx", "    xxx"]);
  expect(wrapped(`  ${"y".repeat(20)}  then this`, 24).split("\n")).toEqual([`  ${"y".repeat(20)}`, "  then this"]);
});

test("no line is longer than the terminal, and no character is lost, whatever the text", () => {
  for (let width = 12; width < 60; width++) {
    const text = wrapped(FACTS, width);
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(width);
    expect(text.replaceAll(/\s/g, "")).toBe(FACTS.replaceAll(/\s/g, ""));
  }
});
