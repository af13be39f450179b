import { existsSync } from "node:fs";
import { basename, dirname } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { refusalOf } from "../test/refusal.ts";
import { HiveCatalog } from "./catalog.ts";
import { HiveRecord } from "./model/hive.ts";
import { aHive, openTestCatalog } from "./testing.ts";

test("a test catalog runs SQL in its file, and its folder is gone when it is closed", async () => {
  const catalog = await openTestCatalog();
  await catalog.addHive(aHive());
  await catalog.run("UPDATE hives SET port = 7");
  expect(await catalog.run("SELECT id, port FROM hives")).toEqual([[aHive().id, 7]]);
  expect((await catalog.getHive(aHive().id))?.port).toBe(7);
  await catalog.close();
  expect(existsSync(dirname(catalog.path))).toBe(false);
});

test("a test catalog that cannot be opened leaves no folder", async () => {
  const open = vi.spyOn(HiveCatalog, "open");
  onTestFinished(() => open.mockRestore());
  expect((await refusalOf(openTestCatalog({ busyTimeoutMs: -1 }))).code).toBe("INVALID_ARGUMENT");
  const [path = ""] = open.mock.lastCall ?? [];
  expect([basename(path), existsSync(dirname(path))]).toEqual(["hives.db", false]);
});

test("a hive for tests is sound, with what was asked of it", () => {
  expect(HiveRecord.parse(aHive())).toEqual(aHive());
  expect(aHive({ port: 7 })).toEqual({ ...aHive(), port: 7 });
});
