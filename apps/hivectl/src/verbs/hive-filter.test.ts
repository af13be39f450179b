import { expect, test } from "vitest";
import { filterOf } from "./hive-filter.ts";

test("one status is asked for as a text, which a queen understands who takes no list of them", () => {
  expect(filterOf({ status: ["offline"] })).toEqual({ status: "offline" });
  expect(filterOf({ status: ["offline", "unknown"] })).toEqual({ status: ["offline", "unknown"] });
  expect(filterOf({})).toEqual({});
});
