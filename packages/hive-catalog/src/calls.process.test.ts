import { expect, test } from "vitest";
import { withHives } from "../test/behaviour/samples.ts";
import { CatalogFile } from "../test/catalog-file.ts";
import { startSqliteProcess } from "../test/processes.ts";
import { aHive } from "./testing.ts";

test("a signal ends a call that waits for another process's lock, and the next one goes on", async () => {
  await using file = await CatalogFile.create();
  const catalog = await withHives(file);
  await using other = await startSqliteProcess(file.path);
  await other.run("BEGIN IMMEDIATE");
  const controller = new AbortController();
  const { signal } = controller;
  const calls = [
    catalog.patchHive("a", { port: 1 }, { signal }),
    catalog.removeHive("b", { signal }),
    catalog.cordons.set("c", { reason: "fans" }, { signal }),
  ];
  const status = catalog.updateHiveStatus("a", "online");
  await catalog.countHives();
  controller.abort(new Error("nobody waits any more"));
  for (const call of calls) await expect(call).rejects.toBe(signal.reason);
  await other.run("COMMIT");
  await status;
  expect(await catalog.getHive("a")).toEqual(aHive({ id: "a", status: "online", updatedAtMs: aHive().updatedAtMs }));
  expect(await catalog.countHives()).toBe(3);
  expect(await catalog.cordons.list()).toEqual([]);
});
