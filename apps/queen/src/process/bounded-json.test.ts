import fc from "fast-check";
import { expect, test } from "vitest";
import { JsonTooLarge, MAX_ENTRIES, parseBoundedJson } from "./bounded-json.ts";

const items = (count: number, item: unknown = {}) => Array.from({ length: count }, () => item);
/** A text that is no longer than that is not counted. */
const BLANKS = " ".repeat(8192);

function refusalOf(text: string): { key: string; message: string } {
  try {
    parseBoundedJson(text);
  } catch (error) {
    if (error instanceof JsonTooLarge) return { key: error.key, message: error.message };
    throw error;
  }
  throw new Error("it was read");
}

test("reads what JSON.parse reads, however texts and numbers look", () => {
  const odd = fc.string({ unit: fc.constantFrom('"', "\\", "[", "{", ",", ":", "]", "}", "ä", "\u2028", "\n", "x") });
  fc.assert(
    fc.property(fc.jsonValue(), fc.array(odd, { maxLength: 40 }), (json, texts) => {
      const text = JSON.stringify({ json, texts }) + BLANKS;
      expect(parseBoundedJson(text)).toEqual(JSON.parse(text));
    }),
    { numRuns: 1000 },
  );
});

test("a byte order mark at its beginning is no part of it", () => {
  expect(parseBoundedJson('\ufeff{"a":"\ufeff"}')).toEqual({ a: "\ufeff" });
  expect(() => parseBoundedJson("\ufeff\ufeff{}")).toThrow(SyntaxError);
});

test("what is not JSON is a SyntaxError, wherever it breaks off", () => {
  const text = JSON.stringify({ a: 'x"\\', list: [1, { b: "\\\\" }], more: items(600) });
  for (let end = 1; end < text.length; end += 7) {
    expect(() => parseBoundedJson(text.slice(0, end))).toThrow(SyntaxError);
  }
  expect(() => parseBoundedJson(`]}${BLANKS}`)).toThrow(SyntaxError);
});

test("a list has at most 1,024 entries, and the key of a longer one is named", () => {
  const { workers } = parseBoundedJson(JSON.stringify({ workers: items(1024) })) as { workers: unknown[] };
  expect(workers).toHaveLength(1024);
  const tooMany = { key: "gpus", message: "must have at most 1024 entries" };
  expect(refusalOf(JSON.stringify({ cpu: { cores: 1 }, gpus: items(1025, "a, b, c") }))).toEqual(tooMany);
  expect(refusalOf(JSON.stringify({ cpu: "\\", gpus: ["\\", ...items(1024, "a, b, c")] }))).toEqual(tooMany);
  expect(refusalOf(JSON.stringify({ gpus: items(3, items(1025)) }))).toMatchObject({ key: "" });
  const quoting = [`3" tape${",".repeat(10_000)}`];
  expect(parseBoundedJson(JSON.stringify(quoting))).toEqual(quoting);
  expect(parseBoundedJson(JSON.stringify(items(1025)))).toHaveLength(1025);
});

test("so it is wherever the list stands in a longer text, and however short its entries are", () => {
  const long = BLANKS;
  for (const [before, after] of [
    [long, ""],
    ["", long],
    [long, long],
  ]) {
    const withList = (count: number) => JSON.stringify({ before, list: items(count, 1), after });
    expect(parseBoundedJson(withList(MAX_ENTRIES - 3))).toMatchObject({ after });
    expect(parseBoundedJson(withList(MAX_ENTRIES))).toMatchObject({ after });
    expect(refusalOf(withList(MAX_ENTRIES + 1))).toMatchObject({ key: "list" });
  }
});

test("an object has at most 1,024 keys", () => {
  const withKeys = (count: number) => JSON.stringify(Object.fromEntries(items(count).map((_, n) => [`key ${n}`, 1])));
  expect(Object.keys(parseBoundedJson(withKeys(1024)) as object)).toHaveLength(1024);
  expect(refusalOf(withKeys(1025))).toEqual({ key: "", message: "must have at most 1024 entries" });
});

test("it is nested at most 32 deep", () => {
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth) + BLANKS;
  expect(() => parseBoundedJson(nested(32))).not.toThrow();
  expect(refusalOf(nested(33))).toMatchObject({ message: "must not be nested more than 32 deep" });
  expect(refusalOf("[".repeat(500_000))).toMatchObject({ message: "must not be nested more than 32 deep" });
});

test("there are at most 32,768 values in all", () => {
  expect(() => parseBoundedJson(JSON.stringify(items(31, items(1000, 1))))).not.toThrow();
  expect(refusalOf(JSON.stringify(items(40, items(1000, 1))))).toMatchObject({
    message: "must have at most 32768 values in all",
  });
});
