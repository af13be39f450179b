import { expect, test } from "vitest";
import { CatalogFile } from "../../test/catalog-file.ts";
import { manyHives } from "../../test/large-catalog.ts";
import { startWorker } from "../../test/processes.ts";

test("who waits for the rows of GPUs gets them all, however slowly they were derived until then", async () => {
  await using file = await CatalogFile.migrated();
  file.run(manyHives(3000));
  await using worker = startWorker("deriver", file.path, "waits");
  expect(await worker.nextLine()).toBe("3000");
});

test("rows of GPUs that are still to be derived keep no process from its end", async () => {
  await using file = await CatalogFile.migrated();
  file.run(manyHives(30_000));
  await using worker = startWorker("deriver", file.path, "leaves");
  expect(await worker.nextLine()).toBe("true");
  await expect(worker.nextLine()).rejects.toThrow("deriver ended (0) without an answer");
  expect(Number(file.read("SELECT count(*) FROM hive_gpus")[0]?.[0])).toBeLessThan(30_000);
});
