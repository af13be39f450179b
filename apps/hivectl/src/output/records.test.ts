import { expect, test } from "vitest";
import { parse } from "yaml";
import { valueText } from "./records.ts";

const STRANGE = { "k\u009b": "\x1b]0;owned\x07\u202e", plain: "yes", lines: "a\nb", number: 1, none: null, list: [] };

test.each([
  ["json", JSON.parse],
  ["yaml", (text: string) => parse(text)],
] as const)("%s says the same value, and holds nothing that steers a terminal", async (format, read) => {
  const text = await valueText(STRANGE, format);
  expect(read(text)).toEqual(STRANGE);
  expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});
