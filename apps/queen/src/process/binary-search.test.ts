import fc from "fast-check";
import { expect, test } from "vitest";
import { firstPlace } from "./binary-search.ts";

test("the first place from which on something holds is found, or that it holds nowhere", () => {
  const property = fc.property(fc.nat(50), fc.nat(60), (count, first) => {
    expect(firstPlace(count, (place) => place >= first)).toBe(Math.min(count, first));
  });
  fc.assert(property);
});
