import { execFileSync } from "node:child_process";
import { anyCharacter } from "@repo/test-support/fuzz";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { forAnyShell, shellQuote } from "./shell-quote.ts";

/** What a real shell makes of the words, each ended by a NUL. */
function asTheShellReads(words: readonly string[], shell = "sh"): string[] {
  const script = `for word in ${shellQuote(words)}; do printf '%s\\0' "$word"; done`;
  const command = shell === "sh" ? script : forAnyShell(script);
  return execFileSync(shell, ["-c", command], { encoding: "utf8", env: { PATH: "/bin:/usr/bin", HOME: "/nowhere" } })
    .split("\0")
    .slice(0, -1);
}

const WORDS = [
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
  ...["!", "#", ";", "&", "|", ">", "<", "(", ")", "{a,b}", "\t", "\u{1F41D}", "é", "%s", "\\n", "!!", "\n0"],
];

test("a shell reads just the words that were quoted", () => {
  expect(asTheShellReads(WORDS)).toEqual(WORDS);
});

test.each(["bash", "tcsh"])("%s lets sh read just those words", (shell) => {
  expect(asTheShellReads(WORDS, shell)).toEqual(WORDS);
});

test("whatever the words are", () => {
  const word = fc.oneof(
    fc.string({ unit: anyCharacter, maxLength: 20 }),
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
