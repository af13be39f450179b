import { expect, test } from "vitest";
import { filterOf } from "./hive-filter.ts";

const FLAGS = { output: "table", headers: true, color: true } as const;

test("one status is asked for as a text, which a queen understands who takes no list of them", () => {
  expect(filterOf({ ...FLAGS, status: ["offline"] })).toEqual({ status: "offline" });
  expect(filterOf({ ...FLAGS, status: ["offline", "unknown"] })).toEqual({ status: ["offline", "unknown"] });
  expect(filterOf(FLAGS)).toEqual({});
});
