import { execFileSync } from "node:child_process";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { shellQuote } from "./shell-quote.ts";

/** What a real shell makes of the words, each ended by a NUL. */
function asTheShellReads(words: readonly string[]): string[] {
  const script = `for word in ${shellQuote(words)}; do printf '%s\\0' "$word"; done`;
  return execFileSync("/bin/sh", ["-c", script], { encoding: "utf8", env: { PATH: "/bin:/usr/bin" } })
    .split("\0")
    .slice(0, -1);
}

test("a shell reads just the words that were quoted", () => {
  const words = [
    "",
    " ",
    "a b",
    "'",
    "''",
    `"`,
    "\\",
    "\\'",
    "$(touch canary)",
    "`id`",
    "$HOME",
    "*",
    "~",
    "-oProxyCommand=x",
    "a\nb",
  ];
  const more = ["!", "#", ";", "&", "|", ">", "<", "(", ")", "{a,b}", "\t", "\u{1F41D}", "é", "%s", "\\n"];
  expect(asTheShellReads([...words, ...more])).toEqual([...words, ...more]);
});

test("whatever the words are", () => {
  const word = fc.oneof(
    fc.string({ unit: "binary", maxLength: 20 }),
    fc.string({ unit: fc.constantFrom(..."'\"\\$`;&|<>(){}*?~!# \n\t-=ab".split("")), maxLength: 20 }),
  );
  const words = fc.array(
    word.filter((text) => !text.includes("\0")),
    { minLength: 1, maxLength: 50 },
  );
  fc.assert(
    fc.property(words, (some) => {
      expect(asTheShellReads(some)).toEqual(some);
    }),
    { numRuns: 20 },
  );
});

test("a NUL, which no program can be given, is refused", () => {
  expect(() => shellQuote(["a\0b"])).toThrow(RangeError);
});
