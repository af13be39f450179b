import { expect, test } from "vitest";
import { labelsOf } from "./labels.ts";

test("labels are set by key=value and taken away by key-", () => {
  expect(labelsOf("env=prod, a=b=c  drained- empty=")).toEqual({ env: "prod", a: "b=c", drained: null, empty: "" });
});

test.each(["env prod", "env=prod rack", "=prod", "-"])("what is neither is refused: %s", (text) => {
  expect(() => labelsOf(text)).toThrow("is no label: key=value sets one, key- takes one away");
});
