import { anyCharacter } from "@repo/test-support/fuzz";
import fc from "fast-check";
import { expect, test } from "vitest";
import { selectorTexts } from "../../test/query-texts.ts";
import { Selector } from "./selector.ts";

const LABELS = { env: "prod", zone: "z1", empty: "", "example.org/team": "ml", constructor: "x" };

/** As Kubernetes answers. */
test.each([
  ["", true],
  ["  ", true],
  ["env", true],
  ["nope", false],
  ["!nope", true],
  ["!env", false],
  ["env=prod", true],
  ["env==prod", true],
  ["env=Prod", false],
  ["env!=prod", false],
  ["env!=dev", true],
  ["nope!=dev", true],
  ["env in (prod,dev)", true],
  ["env in (dev)", false],
  ["env notin (dev,test)", true],
  ["env notin (prod)", false],
  ["nope notin (a)", true],
  ["nope in (a)", false],
  ["env=prod,zone=z1", true],
  ["env=prod,zone=z2", false],
  ["env,env!=dev", true],
  ["empty=", true],
  ["empty!=", false],
  ["env=", false],
  ["nope=", false],
  ["empty in (,a)", true],
  ["example.org/team=ml", true],
  ["constructor=x", true],
  ["toString", false],
  ["!hasOwnProperty", true],
])("'%s' chooses those labels: %s", (text, expected) => {
  expect(Selector.parse(text).matches(LABELS)).toBe(expected);
});

test("keys and values may be the words of the grammar", () => {
  expect(Selector.parse("in in (in,notin)").matches({ in: "notin" })).toBe(true);
  expect(Selector.parse("notin=in").matches({ notin: "in" })).toBe(true);
});

test.each([
  ["b, a==1 ,c in ( x )", "a=1,b,c=x"],
  ["a notin (y)", "a!=y"],
  ["a in (y,x,y)", "a in (x,y)"],
  ["a,a, a", "a"],
  ["!b,!a", "!a,!b"],
  ["a = ,b", "a=,b"],
  ["a in (b,)", "a in (,b)"],
])("the canonical form of '%s' is '%s'", (text, canonical) => {
  expect(String(Selector.parse(text))).toBe(canonical);
});

const KEY = "a key: 1 to 63 letters, digits, '-', '_' or '.', with a letter or a digit at both ends";

test.each([
  ["env=prod=x", "at character 9: expected ',' or the end, got '='"],
  ["env prod", "at character 5: expected '=', '!=', 'in', 'notin', ',' or the end, got 'prod'"],
  ["env>5", "at character 4: expected '=', '!=', 'in', 'notin', ',' or the end, got '>'"],
  ["env=a b", "at character 7: expected ',' or the end, got 'b'"],
  ["a,", `at character 3: expected ${KEY}; before it may stand a DNS name in lower case and '/', got the end`],
  ["a,,b", `at character 3: expected ${KEY}; before it may stand a DNS name in lower case and '/', got ','`],
  ["-a", `at character 1: expected ${KEY}; before it may stand a DNS name in lower case and '/', got '-a'`],
  ["Example.org/a", /^at character 1: expected a key/],
  ["a/b/c", /^at character 1: expected a key/],
  ["/a", /^at character 1: expected a key/],
  [`${"a".repeat(64)}`, /^at character 1: expected a key/],
  ["größe=1", /^at character 1: expected a key.*got 'größe'$/],
  [`a=${"b".repeat(64)}`, /^at character 3: expected a value/],
  ["a=b/c", /^at character 3: expected a value.*got 'b\/c'$/],
  ["a=-", /^at character 3: expected a value.*got '-'$/],
  ["a in b", "at character 6: expected '(', got 'b'"],
  ["a in ()", "at character 7: expected a value, got ')'"],
  ["a in (b", "at character 8: expected ',' or ')', got the end"],
  ["a in (b c)", "at character 9: expected ',' or ')', got 'c'"],
  ["!", /^at character 2: expected a key.*got the end$/],
  ["!a=b", "at character 3: expected ',' or the end, got '='"],
  [`a in (${"b,".repeat(32)}c)`, "at character 71: expected at most 32 values, got 'c'"],
  [`${"a,".repeat(16)}b`, "at character 33: expected at most 16 terms, got 'b'"],
  ["a".repeat(2001), "at character 2001: expected at most 2000 characters, got 'a'"],
])("'%s' is refused", (text, message) => {
  expect(() => Selector.parse(text)).toThrow(
    expect.objectContaining({
      name: "GrammarError",
      message: typeof message === "string" ? message : expect.stringMatching(message),
    }),
  );
});

const key = fc.oneof(
  fc.constantFrom("a", "b", "c", "in", "notin", "example.org/a"),
  fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9_.-]{0,3}[A-Za-z0-9])?$/),
);
const value = fc.oneof(fc.constantFrom("", "x", "y", "z", "in"), fc.stringMatching(/^[A-Za-z0-9][._-]?[A-Za-z0-9]$/));
const selector = selectorTexts(key, value);

test("what is parsed, printed and parsed again is the same, and its print stays", () => {
  fc.assert(
    fc.property(selector, fc.dictionary(key, value, { maxKeys: 4 }), (text, labels) => {
      const first = Selector.parse(text);
      const again = Selector.parse(String(first));
      expect(again.terms).toEqual(first.terms);
      expect(String(again)).toBe(String(first));
      expect(again.matches(labels)).toBe(first.matches(labels));
    }),
    { numRuns: 3_000 },
  );
});

test("whatever text arrives, it is parsed or refused with a place inside of it or at its end", () => {
  const anyText = fc.oneof(
    fc.string({ unit: anyCharacter, maxLength: 12 }),
    fc.array(fc.constantFrom("a", "=", "!", "(", ")", ",", "in", " ", "<", "é")).map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(anyText, (text) => {
      try {
        expect(Selector.parse(text)).toBeInstanceOf(Selector);
      } catch (error) {
        const { position, message } = error as { position: number; message: string };
        expect(message).toMatch(/^at character \d+: expected /);
        expect(position >= 1 && position <= text.length + 1).toBe(true);
      }
    }),
    { numRuns: 3_000 },
  );
});
