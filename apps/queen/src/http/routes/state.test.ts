import { expect, test } from "vitest";
import { beatJson, HIVE_JSON, startTestQueen } from "../../../test/test-queen.ts";

test("what is measured as nothing is told as 0, and not as unknown", async () => {
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", HIVE_JSON);
  const timestamp = new Date(queen.clock.now()).toISOString();
  const host = { memory_total_bytes: 2 ** 30, memory_used_bytes: 0, cpu_percent: 0 };
  await queen.request("POST", "/v1/heartbeat", { ...beatJson("hive-a"), timestamp, read_at: timestamp, host });
  expect((await queen.request("GET", "/v1/hives/hive-a/state")).body).toMatchObject({
    last_beat_age_ms: 0,
    read_age_ms: 0,
    skew_ms: 0,
    cpu_percent: 0,
    ram: { used_bytes: 0, free_bytes: 2 ** 30 },
  });
  expect((await queen.request("GET", "/v1/hives/hive-a/liveness")).body).toMatchObject({ beat_age_ms: 0, skew_ms: 0 });
});
