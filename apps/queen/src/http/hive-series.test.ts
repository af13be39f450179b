import { openTestCatalog } from "@repo/hive-catalog/testing";
import { expect, test } from "vitest";
import { addHive, beatJson, startTestQueen } from "../../test/test-queen.ts";
import { hiveSeries } from "./hive-series.ts";

const GPUS = Array.from({ length: 64 }, (_, index) => ({
  ...{ index, memory_total_bytes: 100, memory_used_bytes: 40 },
  ...{ utilization_percent: 9, temperature_celsius: 61, power_watts: 231.5 },
}));
const SERIES_OF_HIVE = 2 + 5 * GPUS.length;

test("the series of many hives are made in pieces of a thousand lines, each in a turn of its own", async () => {
  await using queen = await startTestQueen({ metricsByHive: true });
  const ids = Array.from({ length: 8 }, (_, n) => `hive-${n}`);
  for (const id of ids) {
    await addHive(queen, 8600, { id });
    await queen.request("POST", "/v1/heartbeat", { ...beatJson(id), gpus: GPUS });
  }
  let turns = 0;
  const pieces: string[][] = [];
  for await (const piece of hiveSeries(queen, async () => void turns++)) {
    expect(turns).toBe(pieces.length);
    pieces.push(String(piece).trimEnd().split("\n"));
  }
  expect(Math.max(...pieces.map((lines) => lines.length))).toBeLessThan(1010);
  const series = pieces.flat().filter((line) => !line.startsWith("#"));
  expect(new Set(series).size).toBe(SERIES_OF_HIVE * ids.length);
  expect(series).toHaveLength(SERIES_OF_HIVE * ids.length);
});

test("the id of a hive that another program stored ends no line and no label", async () => {
  const catalog = await openTestCatalog();
  await using queen = await startTestQueen({ catalog, metricsByHive: true });
  const columns = "id, host, port, status, created_at_ms, updated_at_ms";
  await catalog.run(
    `INSERT INTO hives (${columns}) VALUES ('a"b\\c' || char(10) || 'd', '127.0.0.1', 1, 'online', 1, 1)`,
  );
  await queen.watch.runRound();
  const { payload } = await queen.app.inject({ method: "GET", url: "/metrics" });
  expect(payload).toContain("\n# TYPE queen_hive_online gauge\n");
  expect(payload).toContain('\nqueen_hive_online{hive_id="a\\"b\\\\c\\nd"} ');
});
