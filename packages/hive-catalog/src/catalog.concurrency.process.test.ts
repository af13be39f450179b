import { expect, test } from "vitest";
import { CatalogFile } from "../test/catalog-file.ts";
import { startSqliteProcess, startWorker, startWorkers } from "../test/processes.ts";
import { aHive } from "./testing.ts";

test("four processes on one file: every change that was acknowledged is there at the end", async () => {
  const rounds = 40;
  await using file = await CatalogFile.create();
  const catalog = await file.open();
  file.run("CREATE TABLE counter (n INTEGER NOT NULL)", "INSERT INTO counter VALUES (0)");
  await catalog.addHive(aHive({ id: "shared", lastHeartbeatMs: null }));

  await using workers = startWorkers(4, (index) => startWorker("writer", file.path, `w${index}`, String(rounds)));
  for (const worker of workers.all) expect(await worker.nextLine()).toBe("ready");
  expect(await Promise.all(workers.all.map((worker) => worker.ask("go")))).toEqual(workers.all.map(() => "done"));

  expect(file.read("SELECT n FROM counter")).toEqual([[4 * rounds]]);
  expect((await catalog.getHive("shared"))?.lastHeartbeatMs).toBe(1_000 + rounds - 1);
  const kept = await catalog.listHives();
  expect(kept).toHaveLength(1 + 4 * rounds * 0.9);
  for (const { id, port, lastHeartbeatMs } of kept) {
    if (id === "shared") continue;
    const round = Number(id.split("-")[1]);
    expect({ id, port, lastHeartbeatMs }).toEqual({ id, port: 1 + round, lastHeartbeatMs: 1_000 + round });
  }
  expect(file.read("PRAGMA integrity_check")).toEqual([["ok"]]);
});

test("two catalogs on one file in one process keep its locks: another process that opens and closes it takes no change away", async () => {
  await using file = await CatalogFile.create();
  const first = await file.open();
  await first.addHive(aHive({ id: "first" }));
  const second = await file.open();
  await using other = startWorker("opener", "other");
  expect(await other.nextLine()).toBe("ready");
  expect(await other.ask(file.path)).toBe("2");

  await second.addHive(aHive({ id: "second" }));
  await using reader = await startSqliteProcess(file.path);
  expect(await reader.run("SELECT id FROM hives ORDER BY id")).toEqual([["first"], ["other"], ["second"]]);
});
