import * as fc from "fast-check";

const WEIRD_TEXTS = [
  "",
  " ",
  "\0",
  "\ud800",
  "\uffff",
  "😀",
  "a".repeat(10_000),
  "__proto__",
  "constructor",
  "-oProxyCommand=x",
  "';--",
  "../x",
];
const WEIRD_NUMBERS = [-1, -0, 0.5, 1e21, 2 ** 53, 2 ** 63, Number.MAX_VALUE, Number.MIN_VALUE];

/** Any character, as a unit of texts. The unit "binary" of fast-check first makes a table of all 1.1 million, which it then keeps. */
export const anyCharacter: fc.Arbitrary<string> = fc
  .oneof(fc.nat(0x7f), fc.nat(0xd7ff), fc.integer({ min: 0xe000, max: 0x10ffff }))
  .map((code) => String.fromCodePoint(code));

/** What JSON can carry, the strange included. */
export const anyJson: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(...WEIRD_TEXTS, ...WEIRD_NUMBERS, null, true, false, [], {}),
  fc.string({ unit: anyCharacter }),
  fc.jsonValue(),
);

/** `sound` with a few of its values, at any depth, replaced, removed, doubled or joined by unknown ones. */
export function mutated(sound: unknown): fc.Arbitrary<unknown> {
  const change = fc.record({
    place: fc.nat(),
    how: fc.constantFrom("replace", "remove", "add"),
    value: anyJson,
    key: fc.string(),
  });
  return fc.array(change, { maxLength: 2 }).map((changes) => {
    const root = { value: structuredClone(sound) };
    for (const { place, how, value, key } of changes) {
      const holders = holdersIn(root);
      const [holder, name] = holders[place % holders.length] ?? [root, "value"];
      if (how === "replace") Reflect.set(holder, name, value);
      else if (how === "remove") Reflect.deleteProperty(holder, name);
      else Reflect.set(holder, Array.isArray(holder) ? holder.length : key, value);
    }
    return root.value;
  });
}

/** Every place of a value that can be changed. */
function holdersIn(holder: object): [holder: object, name: string][] {
  return Object.entries(holder).flatMap(([name, value]) => {
    const inner = typeof value === "object" && value !== null ? holdersIn(value) : [];
    return [[holder, name], ...inner];
  });
}
