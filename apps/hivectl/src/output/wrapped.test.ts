import { widthOf } from "@repo/process-log/columns";
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

test("wide characters take two columns of a line, and those before a column move it", () => {
  expect(wrapped("理由:  新しいファンを待っています", 20).split("\n")).toEqual([
    "理由:  新しいファン",
    "       を待っていま",
    "       す",
  ]);
});

const WIDE = `Cordon:  新しいファン, ${"👍🏽".repeat(20)} とcafe\u0301の${"x".repeat(30)}`;

test.each([FACTS, WIDE])("no line is longer than the terminal, and no character is lost or parted, in %j", (said) => {
  for (let width = 6; width < 60; width++) {
    const text = wrapped(said, width);
    const lines = text.split("\n");
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(width);
    expect(text.replaceAll(/\s/g, "")).toBe(said.replaceAll(/\s/g, ""));
    for (const line of lines) expect(line).not.toMatch(/^\s*[\u0301🏽]/u);
  }
});

test("what has no room in any line is left as it is", () => {
  const wide = `${"ᄀ".repeat(9)} 日本`;
  expect(wrapped(wide, 12)).toBe(wide);
  for (const width of [1, 2, 3]) expect(wrapped("日本", width).replaceAll(/\s/g, "")).toBe("日本");
});
