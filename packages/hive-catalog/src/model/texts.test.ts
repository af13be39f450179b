import { expect, test } from "vitest";
import { line } from "./texts.ts";

test("what may stand on a line is all but what Unicode calls a control, the end of a line, half a character, or a mark that turns its direction", () => {
  const { rule } = line("reason", 500);
  const isKept = (code: number) => rule.safeParse(`a${String.fromCodePoint(code)}`).success;
  const isText = (code: number) => !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u.test(String.fromCodePoint(code));
  const codes = [...Array(0x10000).keys(), 0x1f600, 0x10ffff];
  expect(codes.filter((code) => isKept(code) !== isText(code))).toEqual([]);
});
