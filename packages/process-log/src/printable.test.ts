import { expect, test } from "vitest";
import { printable, printableInside } from "./printable.ts";

const ODD = "\u0000\b\r\u001b[31m\u007f\u0085\u009b\u061c\u200e\u2028\u2029\u202e\u2066\ud800\u200b\u00ad\u{e0041}";
const SHOWN =
  "\\u0000\\u0008\\u000d\\u001b[31m\\u007f\\u0085\\u009b\\u061c\\u200e\\u2028\\u2029\\u202e\\u2066\\ud800\\u200b\\u00ad\\udb40\\udc41";
const SOUND = 'gpu "über" \\ 日本 🦙 e\u0301 \u00a0';

test("shows what ends a line, turns its direction, steers a terminal or is not seen by its code, and leaves the rest", () => {
  expect(printable(ODD)).toBe(SHOWN);
  expect(printable(SOUND)).toBe(SOUND);
  expect(printable("a\nb")).toBe("a\\u000ab");
});

test("leaves JSON the same JSON", () => {
  for (const text of [ODD, SOUND]) expect(JSON.parse(printable(JSON.stringify({ text })))).toEqual({ text });
});

test("makes the texts inside of JSON printable, but for the lines and tabs of a stack", () => {
  const inside = (text: string) => JSON.parse(printableInside(JSON.stringify(text)));
  expect(inside(ODD)).toBe(SHOWN.replace("\\u0008\\u000d", "\\b\\r"));
  for (const text of [SOUND, "Error: no\n\tat once", "\\u202e", "\\\\r"]) expect(inside(text)).toBe(text);
});
