import { expect, test } from "vitest";
import { LoginCodes } from "./login-codes.ts";

test("keeps so many codes, and forgets the oldest for one more", () => {
  const codes = new LoginCodes();
  const made = Array.from({ length: 1026 }, (_, n) => codes.make(`token-${n}`, n).code);
  expect(made.slice(0, 3).map((code) => codes.take(code, 2000))).toEqual([undefined, undefined, "token-2"]);
  expect(codes.take(made.at(-1) ?? "", 2000)).toBe("token-1025");
});
