import fc from "fast-check";
import { expect, test } from "vitest";
import { isLabelKey, isLabelValue, LabelChanges, Labels } from "./label.ts";

test.each([
  ["a", true],
  ["A-b_c.9", true],
  ["a".repeat(63), true],
  ["a".repeat(64), false],
  ["", false],
  ["-a", false],
  ["a.", false],
  ["a b", false],
  ["ä", false],
  ["a\n", false],
  ["example.org/a", true],
  ["a/b", true],
  [`${"a".repeat(253)}/b`, true],
  [`${"a".repeat(254)}/b`, false],
  ["Example/a", false],
  ["a_b/c", false],
  ["-a/b", false],
  ["a..b/c", false],
  ["a/", false],
  ["/a", false],
  ["a/b/c", false],
])("the key '%s' is one: %s", (key, expected) => {
  expect(isLabelKey(key)).toBe(expected);
  expect(Labels.safeParse({ [key]: "x" }).success).toBe(expected);
});

test.each([
  ["", true],
  ["x", true],
  ["r12.a_b-c", true],
  ["a".repeat(63), true],
  ["a".repeat(64), false],
  ["-x", false],
  ["x/y", false],
  ["x y", false],
  ["😀", false],
])("the value '%s' is one: %s", (value, expected) => {
  expect(isLabelValue(value)).toBe(expected);
  expect(Labels.safeParse({ key: value }).success).toBe(expected);
  expect(LabelChanges.safeParse({ key: value }).success).toBe(expected);
});

const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`key-${n}`, "x"]));

test("64 labels are taken, 65 are refused; what is removed does not count", () => {
  expect(Labels.safeParse(many(64)).success).toBe(true);
  expect(Labels.safeParse(many(65)).error?.issues).toMatchObject([
    { path: [], message: "must be at most 64 labels, but are 65" },
  ]);
  expect(LabelChanges.safeParse({ ...many(64), gone: null }).success).toBe(true);
});

test("each label that is wrong is named, and its rule", () => {
  const problems = (labels: unknown) => Labels.safeParse(labels).error?.issues.map(({ path }) => path.join(" "));
  expect(problems({ "a b": "x", c: "-", d: 5, "hive/x": "y", ok: "z" })?.sort()).toEqual(["a b", "c", "d", "hive/x"]);
  expect(problems([])).toEqual([""]);
  expect(problems(null)).toEqual([""]);
  expect(problems("a=b")).toEqual([""]);
  expect(problems({ a: null })).toEqual(["a"]);
});

test("the prefix hive/ is reserved, hive alone is not", () => {
  expect(Labels.safeParse({ "hive/role": "x" }).error?.issues[0]?.message).toBe(
    "must not begin with hive/, which is reserved",
  );
  expect(LabelChanges.safeParse({ "hive/role": null }).success).toBe(false);
  expect(Labels.safeParse({ hive: "x", "hives/role": "y" }).success).toBe(true);
});

test("sound labels come out as they went in", () => {
  const name = fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9_.-]{0,8}[A-Za-z0-9])?$/);
  fc.assert(
    fc.property(fc.dictionary(name, fc.oneof(name, fc.constant("")), { maxKeys: 20 }), (labels) => {
      expect(Labels.parse(labels)).toEqual(labels);
    }),
  );
});
