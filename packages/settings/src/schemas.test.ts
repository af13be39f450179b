import { expect, test } from "vitest";
import { oneOf, trueOrFalse, wholeNumber } from "./index.ts";

test("a whole number is digits alone, and in its range", () => {
  const port = wholeNumber(0, 65_535, "a port");
  expect(["0", "8500", "65535"].map((text) => port.parse(text))).toEqual([0, 8500, 65_535]);
  for (const text of ["65536", "-1", "8500.5", "1e3", "0x50", " 1", "", "99999999999999999999"]) {
    const messages = port.safeParse(text).error?.issues.map(({ message }) => message);
    expect(messages, text).toEqual(["must be a port, from 0 to 65535"]);
  }
  expect(wholeNumber(0, 2 ** 31 - 1).parse("2147483647")).toBe(2 ** 31 - 1);
  expect(wholeNumber(1, 2).safeParse("3").error?.issues[0]?.message).toBe("must be an integer from 1 to 2");
});

test("a choice is one of its words, and a truth true or false", () => {
  expect(oneOf(["a", "b"]).parse("b")).toBe("b");
  expect(oneOf(["a", "b"]).safeParse("c").error?.issues[0]?.message).toBe("must be one of a, b");
  expect([trueOrFalse.parse("true"), trueOrFalse.parse("false")]).toEqual([true, false]);
  expect(trueOrFalse.safeParse("yes").error?.issues[0]?.message).toBe("must be true or false");
});
