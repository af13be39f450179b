import { readdirSync, readlinkSync } from "node:fs";
import { expect, test } from "vitest";
import { CatalogFile } from "../../test/catalog-file.ts";
import { startSqliteProcess } from "../../test/processes.ts";
import { refusalOf } from "../../test/refusal.ts";

/** How many descriptors this process holds of a file. */
function descriptorsOf(path: string): number {
  const isOfFile = (descriptor: string) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`) === path;
    } catch {
      return false; // It was that of the folder itself.
    }
  };
  return readdirSync("/proc/self/fd").filter(isOfFile).length;
}

test("an open that waits in vain for another process's lock holds no descriptor afterwards", async () => {
  // A new one: on a file that is there, the first look at it waits already.
  await using file = await CatalogFile.create();
  await using other = await startSqliteProcess(file.path);
  await other.run("BEGIN EXCLUSIVE");
  expect((await refusalOf(file.open({ busyTimeoutMs: 300 }))).code).toBe("CATALOG_BUSY");
  expect(descriptorsOf(file.path)).toBe(0);
  await other.run("COMMIT");
  expect(await (await file.open()).countHives()).toBe(0);
});
