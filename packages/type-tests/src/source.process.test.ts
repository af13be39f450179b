import { HiveCatalog } from "@repo/hive-catalog";
import { expect, test } from "vitest";

/** In the stack of an error stands from which files a package was loaded. */
const SOURCE = "/packages/hive-catalog/src/";

test("tests run the packages' sources, not what was last built of them", async () => {
  const error = await HiveCatalog.open("").catch((error: Error) => error);
  expect(error).toMatchObject({ code: "INVALID_ARGUMENT", stack: expect.stringContaining(SOURCE) });
});
