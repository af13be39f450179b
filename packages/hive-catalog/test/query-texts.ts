import fc from "fast-check";

/** Selectors of all operators, with blanks wherever they may stand. */
export function selectorTexts(key: fc.Arbitrary<string>, value: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const blank = fc.constantFrom("", " ", "\t ", "\n");
  const set = fc
    .array(value, { minLength: 1, maxLength: 4 })
    .filter((values) => values.length > 1 || values[0] !== "")
    .map((values) => `(${values.join(" ,")})`);
  const term = fc.oneof(
    key,
    fc.tuple(blank, key).map(([gap, name]) => `!${gap}${name}`),
    fc.tuple(key, blank, fc.constantFrom("=", "==", "!="), blank, value).map((parts) => parts.join("")),
    fc.tuple(key, fc.constantFrom(" in ", " notin", "\tin"), set).map((parts) => parts.join("")),
  );
  return fc.tuple(fc.array(term, { maxLength: 5 }), blank).map(([terms, gap]) => terms.join(`${gap},`));
}

/** A least number, or a range of numbers. */
const ranges = (numbers: readonly number[], unit: string) =>
  fc
    .tuple(fc.subarray([...numbers], { minLength: 1, maxLength: 2 }), fc.constantFrom("", "..", "from"))
    .map(([[min, max = min], kind]) => {
      if (kind === "from") return `${min}${unit}`;
      return kind === "" ? `${min}${unit}..${max}${unit}` : `..${max}${unit}`;
    });

/** Requirements of GPUs, with tokens of every kind, in any order. */
export function gpuTexts(names: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const tokens = fc.tuple(
    fc.option(fc.constantFrom("nvidia", "AMD", "intel", "apple")),
    fc.option(fc.array(names, { minLength: 1, maxLength: 3 }).map((list) => list.join(","))),
    fc.option(ranges([0, 1, 22, 24, 48, 80, 200], "GB")),
    fc.option(ranges([0, 1, 2, 3, 4, 8], "")),
  );
  return tokens
    .map((all) => all.filter((token) => token !== null))
    .filter((all) => all.length > 0)
    .chain((all) => fc.shuffledSubarray(all, { minLength: all.length }))
    .map((all) => all.join(" : "));
}
