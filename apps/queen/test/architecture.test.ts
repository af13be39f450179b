import { fileURLToPath } from "node:url";
import { longFiles, SourceTree } from "@repo/test-support/architecture";
import { expect, test } from "vitest";

const FLOORS = [
  ["process"],
  ["reach"],
  ["telling"],
  ["fleet"],
  ["lifecycle"],
  ["http", "config"],
  ["queen", "token-command"],
  ["main"],
];
const source = new SourceTree(fileURLToPath(new URL("../src", import.meta.url)));
const MAX_AT_THE_TOP = 5;

test("every file stands in a room", () => {
  expect(source.withoutFloor(FLOORS)).toEqual([]);
});

test("imports point down, or stay in their room", () => {
  expect(source.upward(FLOORS)).toEqual([]);
});

test("no file imports itself on a way round", () => {
  expect(source.circles()).toEqual([]);
});

test("only http knows HTTP: below it nobody has fastify, a server, or a number with which to answer", () => {
  const SPEAKING =
    /"fastify"|\b(?:createServer|ServerResponse|STATUS_CODES|FastifyReply|Problem)\b|"(?:retry-after|content-type)"/;
  const below = source.files.filter((file) => !file.startsWith("http/") && file.includes("/"));
  expect(below.filter((file) => SPEAKING.test(source.textOf(file)))).toEqual([]);
});

test("no signal is made of several: Node 20 and 22 keep something of each for as long as one of those lasts", () => {
  expect(source.files.filter((file) => source.textOf(file).includes("AbortSignal.any("))).toEqual([]);
});

test("a newcomer meets few files, and short ones", () => {
  expect(source.files.filter((file) => !file.includes("/")).length).toBeLessThanOrEqual(MAX_AT_THE_TOP);
  expect(longFiles(fileURLToPath(new URL("..", import.meta.url)))).toEqual([]);
});
