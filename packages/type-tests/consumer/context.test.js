/** Tests of another repository; run where what Node throws is no instance of the context's `Error`. */
import { writeFileSync } from "node:fs";
import { HiveCatalog } from "@repo/hive-catalog";
import { backupCatalog } from "@repo/hive-catalog/maintenance";
import { openTestCatalog } from "@repo/hive-catalog/testing";
import { expect, test } from "vitest";

test("a catalog is made, and opened again", async () => {
  const made = await openTestCatalog();
  await made.addHive({ id: "gpu-01", host: "10.0.0.1", port: 8600, labels: { env: "prod" } });
  const opened = await HiveCatalog.open(made.path);
  expect((await opened.findHives({ selector: "env=prod" })).hives).toHaveLength(1);
  await opened.close();
  await made.close();
});

test("what cannot be done is told by its code", async () => {
  const catalog = await openTestCatalog();
  const text = `${catalog.path}.txt`;
  writeFileSync(text, "no catalog ".repeat(100));
  await expect(HiveCatalog.open(text)).rejects.toMatchObject({ code: "CATALOG_NOT_A_CATALOG" });
  await expect(HiveCatalog.open(`${text}/hives.db`)).rejects.toMatchObject({ code: "CATALOG_UNAVAILABLE" });
  await expect(backupCatalog(catalog.path, catalog.path)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  await expect(backupCatalog(catalog.path, text)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  await catalog.close();
});
