import { expect, test } from "vitest";
import { LoginCodes } from "./logins.ts";

test("keeps so many codes, and forgets the oldest for one more", () => {
  const codes = new LoginCodes();
  const made = Array.from({ length: 1026 }, (_, n) => codes.make(`token-${n}`, n).code);
  expect(made.slice(0, 3).map((code) => codes.take(code, 2000))).toEqual([undefined, undefined, "token-2"]);
  expect(codes.take(made.at(-1) ?? "", 2000)).toBe("token-1025");
});

test("of one token keeps eight, so that nobody ends the codes of others", () => {
  const codes = new LoginCodes();
  const other = codes.make("other", 0).code;
  const made = Array.from({ length: 1100 }, (_, n) => codes.make("token", n).code);
  expect(codes.take(other, 2000)).toBe("other");
  expect(made.map((code) => codes.take(code, 2000)).flatMap((taken, n) => (taken ? [n] : []))).toEqual([
    1092, 1093, 1094, 1095, 1096, 1097, 1098, 1099,
  ]);
});
