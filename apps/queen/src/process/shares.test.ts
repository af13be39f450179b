import { expect, test } from "vitest";
import { Shares } from "./shares.ts";

test("each holds so much, until it gives something back", () => {
  const shares = new Shares({ each: 10, inAll: 100 });
  expect([shares.take("a", 6), shares.take("a", 5), shares.take("a", 4), shares.take("b", 10)]).toEqual([
    true,
    false,
    true,
    true,
  ]);
  shares.giveBack("a", 6);
  expect([shares.take("a", 7), shares.take("a", 6)]).toEqual([false, true]);
});

test("all together hold so much", () => {
  const shares = new Shares({ each: 10, inAll: 25 });
  expect(["a", "b", "c"].map((key) => shares.take(key, 10))).toEqual([true, true, false]);
  shares.giveBack("a", 10);
  expect(shares.take("c", 10)).toBe(true);
});

test("what is larger than a share is given to whoever holds nothing", () => {
  const shares = new Shares({ each: 10, inAll: 25 });
  expect([shares.take("a", 20), shares.take("a", 1)]).toEqual([true, false]);
});
