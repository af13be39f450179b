import { join } from "node:path";
import { HiveCatalog } from "@repo/hive-catalog";
import { expect, test } from "vitest";
import { REPOSITORY, runNode } from "./repository.ts";

/** In the stack of an error stands from which files a package was loaded. */
const SOURCE = "/packages/hive-catalog/src/";

test("tests run the packages' sources, not what was last built of them", async () => {
  const error = await HiveCatalog.open("").catch((error: Error) => error);
  expect(error).toMatchObject({ code: "INVALID_ARGUMENT", stack: expect.stringContaining(SOURCE) });
});

test("programs of this repository do too, by the loader that each of them imports first", async () => {
  const program = `const { HiveCatalog } = await import("@repo/hive-catalog");
    await HiveCatalog.open("").catch((error) => process.stdout.write(error.stack));`;
  const loader = join(REPOSITORY, "scripts/typescript.js");
  const args = ["--import", loader, "--input-type=module", "--eval", program];
  expect(await runNode(args, join(REPOSITORY, "packages/type-tests"))).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(SOURCE),
    stderr: "",
  });
});
