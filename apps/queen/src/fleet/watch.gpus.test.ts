import { createClient } from "@libsql/client";
import { HiveCatalog } from "@repo/hive-catalog";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { expect, test } from "vitest";
import { HIVE_JSON, LIVENESS_SETTINGS, startTestQueen, type TestQueen } from "../../test/test-queen.ts";

const DEVICES = JSON.stringify({ cpu: null, gpus: [{ index: 0, name: "NVIDIA L4", vram_gb: 24 }] });

const foundByGpu = async (queen: TestQueen) =>
  ((await queen.request("GET", "/v1/hives?gpu=l4")).body as { hives: { id: string }[] }).hives.map(({ id }) => id);

test("finds hives by the devices that another program wrote, from the next round on", async () => {
  await using folder = await temporaryFolder();
  const file = `${folder.path}/hives.db`;
  await using queen = await startTestQueen({ catalog: await HiveCatalog.open(file) });
  await queen.catalog.addHive(HIVE_JSON);
  const other = createClient({ url: `file:${file}` });
  await other.execute({ sql: "UPDATE hives SET devices_json = ?", args: [DEVICES] });
  other.close();
  await queen.watch.deriveGpus();
  expect(await foundByGpu(queen)).toEqual([]);
  queen.clock.advance(LIVENESS_SETTINGS.healthIntervalMs);
  await queen.watch.deriveGpus();
  expect(await foundByGpu(queen)).toEqual(["hive-a"]);
  expect(queen.logLines).toContainEqual(expect.objectContaining({ hives: 1 }));
});

test("says in /health how many hives are left to be looked at", async () => {
  await using folder = await temporaryFolder();
  const file = `${folder.path}/hives.db`;
  await (await HiveCatalog.open(file)).close();
  const other = createClient({ url: `file:${file}` });
  await other.execute(`INSERT INTO hives (id, host, port, status, created_at_ms, updated_at_ms)
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 600)
    SELECT 'hive-' || n, '10.0.0.1', 8600, 'unknown', 1, 1 FROM numbers`);
  other.close();
  await using queen = await startTestQueen({ catalog: await HiveCatalog.open(file) });
  const left = async () => ((await queen.request("GET", "/health")).body as { gpu_rows_left: unknown }).gpu_rows_left;
  expect([null, 350, 100]).toContain(await left());
  queen.clock.advance(LIVENESS_SETTINGS.healthIntervalMs);
  await queen.watch.deriveGpus();
  expect(await left()).toBe(0);
});
