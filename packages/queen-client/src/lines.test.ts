import { expect, test } from "vitest";
import { jsonLinesOf, linesOf } from "./lines.ts";
import { all, bodyOf } from "./testing.ts";

const signal = new AbortController().signal;
const TEXT = "one\ntwo\r\nthrée\r\r\nfive\n\nlast";
const LINES = ["one", "two", "thrée", "", "five", "", "last"];

test("the lines of a body are the same, however it is cut", async () => {
  const bytes = new TextEncoder().encode(TEXT);
  for (let at = 0; at <= bytes.length; at += 1) {
    expect(await all(linesOf(bodyOf([bytes.subarray(0, at), bytes.subarray(at)]), { signal }))).toEqual(LINES);
  }
  expect(await all(linesOf(bodyOf([...bytes].map((byte) => Uint8Array.of(byte))), { signal }))).toEqual(LINES);
});

test("an end at the end begins no further line", async () => {
  expect(await all(linesOf(bodyOf(["a\n"]), { signal }))).toEqual(["a"]);
  expect(await all(linesOf(bodyOf(["a\r"]), { signal }))).toEqual(["a"]);
  expect(await all(linesOf(bodyOf([]), { signal }))).toEqual([]);
});

test("JSON comes line by line up to its end, without those that are empty; what is none is no queen's", async () => {
  const lines = ['{"type":"a"}\n\n{"typ', 'e":"b"}\n{"type":"end"}'];
  const values = [{ type: "a" }, { type: "b" }, { type: "end" }];
  expect(await all(jsonLinesOf(bodyOf(lines), { signal }))).toEqual(values);
  await expect(all(jsonLinesOf(bodyOf(["<html>\n"]), { signal }))).rejects.toMatchObject({ reason: "not_a_queen" });
});

test("lines that stop without an end were cut off: what was told before stands", async () => {
  const lines = jsonLinesOf(bodyOf(['{"type":"hive"}\n']), { signal });
  expect((await lines.next()).value).toEqual({ type: "hive" });
  await expect(lines.next()).rejects.toMatchObject({
    name: "QueenNoAnswer",
    reason: "unreachable",
    message: expect.stringContaining("cut off"),
  });
});

test("a line that never ends is given up, and so is a body that says nothing", async () => {
  const endless = Array.from({ length: 5 }, () => "x".repeat(1024 * 1024));
  await expect(all(linesOf(bodyOf(endless), { signal }))).rejects.toMatchObject({ reason: "not_a_queen" });
  const silent = linesOf(bodyOf(["hello\n"], { ends: false }), { signal, silenceMs: 1 });
  expect((await silent.next()).value).toBe("hello");
  await expect(silent.next()).rejects.toMatchObject({ reason: "timed_out" });
});

test("whoever reads no further closes the body", async () => {
  let isClosed = false;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode("one\ntwo\n")),
    cancel() {
      isClosed = true;
    },
  });
  for await (const line of linesOf(body, { signal })) {
    expect(line).toBe("one");
    break;
  }
  expect(isClosed).toBe(true);
});

test("the signal ends the reading with its reason, also while nothing comes", async () => {
  const stop = new AbortController();
  const next = linesOf(bodyOf([], { ends: false }), { signal: stop.signal }).next();
  stop.abort(new Error("enough"));
  await expect(next).rejects.toThrow("enough");
});

test("whoever waits for longer than timers know, such as for ever, waits", async () => {
  const pull = (controller: ReadableStreamDefaultController) => {
    setTimeout(() => controller.close(), 5);
  };
  const body = new ReadableStream({ pull }, { highWaterMark: 0 });
  expect(await all(linesOf(body, { silenceMs: Number.POSITIVE_INFINITY }))).toEqual([]);
});
