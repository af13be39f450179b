import { expect, test } from "vitest";
import { hasHash, mintToken, NewToken, tokenIdOf } from "../index.ts";

test("a token is known by the id in it and by its hash, and what is stored of it is neither", () => {
  const { token, ...stored } = mintToken();
  expect(tokenIdOf(token)).toBe(stored.id);
  expect(hasHash(token, stored.hash)).toBe(true);
  expect(NewToken.parse({ ...stored, name: "ops", role: "operator" })).toMatchObject(stored);
  expect(JSON.stringify(stored)).not.toContain(token.slice(-43));
});

test("no two tokens have an id, a secret or a hash in common", () => {
  const [one, other] = [mintToken(), mintToken()];
  expect(other.id).not.toBe(one.id);
  expect(other.token.slice(-43)).not.toBe(one.token.slice(-43));
  expect(hasHash(one.token, other.hash)).toBe(false);
});

test.each(["", "hq_", "Bearer", `hq_${"0".repeat(16)}_${"a".repeat(42)}`, `hq_${"0".repeat(16)}_${"a".repeat(43)}\n`])(
  "what is no token has no id: %j",
  (text) => {
    expect(tokenIdOf(text)).toBeUndefined();
  },
);

test.each(["", "0", "0".repeat(64), "é".repeat(64), "é".repeat(32)])("a stored hash may be anything: %j", (stored) => {
  expect(hasHash(mintToken().token, stored)).toBe(false);
});
