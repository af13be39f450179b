import { expect, test } from "vitest";
import { beatsIn, fleet } from "../../test/beating-fleet.ts";
import { startSqliteProcess } from "../../test/processes.ts";
import { turnOfTheLoop } from "../event-loop.ts";

test("beats that came while a group was stored are stored a turn of the busy event loop after it was answered", async () => {
  const { file, catalog } = await fleet(3);
  await using _ = file;
  await using other = await startSqliteProcess(file.path);
  await other.run("BEGIN IMMEDIATE");
  let turns = 0;
  let counting = setImmediate(function count() {
    turns += 1;
    const untilMs = performance.now() + 1;
    while (performance.now() < untilMs);
    counting = setImmediate(count);
  });
  const answeredAt: number[] = [];
  const beat = (id: string) => catalog.updateHeartbeat(id, 1).then(() => answeredAt.push(turns));
  const first = beat("hive-0");
  await other.run("SELECT 1");
  const later = [beat("hive-1"), beat("hive-2")];
  // A wait that is long beside that of a few turns.
  while (turns < 300) await turnOfTheLoop();
  await other.run("COMMIT");
  await Promise.all([first, ...later]);
  clearImmediate(counting);
  const [earliest = 0] = answeredAt;
  expect(Math.max(...answeredAt) - earliest).toBeLessThan(10);
});

test("a commit that fails fails every caller in its group; later beats reach the file", async () => {
  const { file, catalog, commits } = await fleet(2, { busyTimeoutMs: 50 });
  await using _ = file;
  await using other = await startSqliteProcess(file.path);
  await other.run("BEGIN IMMEDIATE");
  const outcomes = await Promise.allSettled(["hive-0", "nobody", "hive-1"].map((id) => catalog.updateHeartbeat(id, 5)));
  const busy = { status: "rejected", reason: { name: "HiveCatalogError", code: "CATALOG_BUSY" } };
  expect(outcomes).toMatchObject([busy, busy, busy]);
  expect(commits).toEqual([]);

  await other.run("COMMIT");
  await Promise.all(["hive-0", "hive-1"].map((id) => catalog.updateHeartbeat(id, 6)));
  await catalog.updateHeartbeat("hive-0", 7);
  expect(await other.run("SELECT id, last_heartbeat_ms FROM hives ORDER BY id")).toEqual([
    ["hive-0", 7],
    ["hive-1", 6],
  ]);
});

test("beats that wait behind a group that waited in vain fail with it, and do not wait for their own time once more", async () => {
  const { file, catalog, ids } = await fleet(3_000, { busyTimeoutMs: 50 });
  await using _ = file;
  await using other = await startSqliteProcess(file.path);
  await other.run("BEGIN IMMEDIATE");
  const failed: string[] = [];
  const beats = ids.map((id) => catalog.updateHeartbeat(id, 5).catch(() => failed.push(id)));
  await beats[0];
  await turnOfTheLoop();
  expect(failed).toEqual(ids);
  await other.run("COMMIT");
  await catalog.updateHeartbeat("hive-0", 6);
  expect(beatsIn(file)).toMatchObject({ "hive-0": 6, "hive-2999": null });
});

test("a beat that waits for another process's lock is stored as soon as the lock is free", async () => {
  const { file, catalog } = await fleet(1);
  await using _ = file;
  await using other = await startSqliteProcess(file.path);
  await other.run("BEGIN IMMEDIATE");
  let answered = false;
  const beat = catalog.updateHeartbeat("hive-0", 5).then(() => {
    answered = true;
  });
  expect(await other.run("SELECT last_heartbeat_ms FROM hives")).toEqual([[null]]);
  expect(answered).toBe(false);
  await other.run("COMMIT");
  await beat;
  expect(await other.run("SELECT last_heartbeat_ms FROM hives")).toEqual([[5]]);
});
