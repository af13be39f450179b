import { expect, test } from "vitest";
import { linesOf } from "./lines.ts";
import { blocksOf } from "./server-sent-events.ts";
import { all, bodyOf } from "./testing.ts";

const signal = new AbortController().signal;
const blocks = (...pieces: (string | Uint8Array)[]) => all(blocksOf(linesOf(bodyOf(pieces), { signal })));

const NOTHING = { id: undefined, retryMs: undefined, event: undefined };

test("a block says its id, the time to wait, its type and its data, in any order and with or without a space", async () => {
  const text = "retry: 250\nid:7\nevent: status\ndata: {}\n\ndata: a\ndata:b\ndata\n\n";
  expect(await blocks(text)).toEqual([
    { id: "7", retryMs: 250, event: { type: "status", data: "{}" } },
    { ...NOTHING, event: { type: "message", data: "a\nb\n" } },
  ]);
});

test("a comment and a bookmark are no events", async () => {
  expect(await blocks(": still here\n\nid: 8\n\nid\n\n")).toEqual([
    NOTHING,
    { ...NOTHING, id: "8" },
    { ...NOTHING, id: "" },
  ]);
});

test("a block that has not ended does not count", async () => {
  expect(await blocks("id: 1\ndata: {}\n")).toEqual([]);
});

test("a time that is none, an id with a NUL and a field that is not known are left out", async () => {
  expect(await blocks("retry: soon\nid: a\0b\ncolour: red\n\n")).toEqual([NOTHING]);
});

test("an event comes the same, however the stream is cut, with any ends of lines and a byte order mark", async () => {
  const bytes = new TextEncoder().encode("\uFEFFid: é\r\nevent: a\rdata: 1\n\r\n");
  for (let at = 0; at <= bytes.length; at += 1) {
    expect(await blocks(bytes.subarray(0, at), bytes.subarray(at))).toEqual([
      { id: "é", retryMs: undefined, event: { type: "a", data: "1" } },
    ]);
  }
});

test("an event that never ends is given up, and no stream of many that do", async () => {
  const line = `data: ${"x".repeat(1024 * 1024)}\n`;
  await expect(blocks(...Array(5).fill(line))).rejects.toMatchObject({ reason: "not_a_queen" });
  expect(await blocks(...Array(5).fill(`${line}\n`))).toHaveLength(5);
});
