import { expect, test } from "vitest";
import { type Streams, Terminal } from "./terminal.ts";

test.each([
  [true, { isTTY: true, TERM: "xterm", quiet: false }],
  [false, { isTTY: false, TERM: "xterm", quiet: false }],
  [false, { isTTY: true, TERM: "dumb", quiet: false }],
  [false, { isTTY: true, TERM: "xterm", quiet: true }],
])("that a line on stderr can be written over is %j with %j", (can, { isTTY, TERM, quiet }) => {
  const streams = { stdout: {}, stderr: { isTTY } } as unknown as Streams;
  expect(new Terminal(streams, { env: { TERM }, command: "hivectl", noColor: false, quiet }).canRedraw).toBe(can);
});
