import { fileURLToPath } from "node:url";
import { longFiles, SourceTree } from "@repo/test-support/architecture";
import { expect, test } from "vitest";

const FLOORS = [
  ["errors", "event-loop"],
  ["model"],
  ["options", "schema"],
  ["drivers"],
  ["calls", "sql"],
  ["traits"],
  ["hives", "records"],
  ["finding"],
  ["catalog", "maintenance"],
  ["index", "record", "maintenance.ts", "testing"],
];
const source = new SourceTree(fileURLToPath(new URL("../src", import.meta.url)), ["testing/", "dependencies.js"]);

test("every file stands on a floor", () => {
  expect(source.withoutFloor(FLOORS)).toEqual([]);
});

test("imports point down, or stay in their room", () => {
  expect(source.upward(FLOORS)).toEqual([]);
});

test("no file imports itself on a way round", () => {
  expect(source.circles()).toEqual([]);
});

test("the model knows neither Node nor a database", () => {
  expect(source.packagesOf("model/").toSorted()).toEqual(["@repo/device-types", "zod"]);
});

test("no file is long", () => {
  expect(longFiles(fileURLToPath(new URL("..", import.meta.url)))).toEqual([]);
});
