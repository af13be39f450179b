import { fileURLToPath } from "node:url";
import { longFiles, SourceTree } from "@repo/test-support/architecture";
import { expect, test } from "vitest";

const FLOORS = [["failure"], ["access", "output"], ["session"], ["verbs"], ["program"], ["main"]];
const source = new SourceTree(fileURLToPath(new URL("../src", import.meta.url)));

test("every file stands in a room, and imports point down", () => {
  expect(source.withoutFloor(FLOORS)).toEqual([]);
  expect(source.upward(FLOORS).filter((arrow) => !arrow.endsWith("package.json"))).toEqual([]);
});

test("hivectl knows the queen by her client alone, and nothing of the catalog", () => {
  const packages = new Set(source.packagesOf().filter((name) => !name.startsWith("node:")));
  expect([...packages].toSorted()).toEqual([
    "@repo/process-log/columns",
    "@repo/process-log/printable",
    "@repo/processes",
    "@repo/queen-client",
    "@repo/settings",
    "commander",
    "yaml",
  ]);
});

test("no file imports itself on a way round", () => {
  expect(source.circles()).toEqual([]);
});

test("no file is long", () => {
  expect(longFiles(fileURLToPath(new URL("..", import.meta.url)))).toEqual([]);
});
