import { HiveCatalogError } from "@repo/hive-catalog";
import { expect, test } from "vitest";
import { errorForLog, ForeseenError, levelOf, reasonOf, SettingError } from "./errors.ts";

test.each([
  new ForeseenError("why", { cause: new Error("ECONNREFUSED") }),
  new HiveCatalogError("CATALOG_BUSY", "why", { cause: new Error("SQLITE_BUSY") }),
  new HiveCatalogError("CATALOG_CORRUPT", "why"),
  new SettingError("why"),
])("logs what may happen to any queen, $name, in one line", (error) => {
  expect(errorForLog(error)).toEqual({
    type: error.name,
    message: "why",
    ...("code" in error && { code: error.code }),
  });
});

test.each([
  new TypeError("why"),
  new HiveCatalogError("INVALID_ARGUMENT", "why"),
  new HiveCatalogError("INTERNAL", "why"),
])("logs what nobody foresaw, such as %s, with its stack, as an error", (error) => {
  expect(errorForLog(error)).toMatchObject({ message: "why", stack: error.stack });
  expect(levelOf(error)).toBe("error");
});

test.each([
  ["CATALOG_BUSY", "warn"],
  ["CATALOG_UNAVAILABLE", "warn"],
  ["CATALOG_OUTCOME_UNKNOWN", "warn"],
  ["CATALOG_CORRUPT", "error"],
  ["CATALOG_FULL", "error"],
] as const)("takes %s for a thing to %s of", (code, level) => {
  expect(levelOf(new HiveCatalogError(code, "why"))).toBe(level);
});

test("the reason of what failed at several addresses is that of each", () => {
  const errors = ["ECONNREFUSED 127.0.0.1:1", "ECONNREFUSED ::1:1"].map((message) => new Error(message));
  expect(reasonOf(new AggregateError(errors))).toBe("ECONNREFUSED 127.0.0.1:1, ECONNREFUSED ::1:1");
});
