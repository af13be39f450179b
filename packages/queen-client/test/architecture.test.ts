import { fileURLToPath } from "node:url";
import { longFiles, SourceTree } from "@repo/test-support/architecture";
import { expect, test } from "vitest";

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
const source = new SourceTree(`${PACKAGE}src`, ["testing.ts"]);

test("the client needs nothing but itself: no package, and nothing of Node", () => {
  expect(source.packagesOf()).toEqual([]);
  expect(source.imports.filter(({ imported }) => imported.startsWith(".."))).toEqual([]);
});

test("no file imports itself on a way round, but for types", () => {
  expect(source.circles()).toEqual([]);
});

test("no file is long, but for the types that are made", () => {
  expect(longFiles(PACKAGE)).toEqual(["src/openapi.ts"]);
});
