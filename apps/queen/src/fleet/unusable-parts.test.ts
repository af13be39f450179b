import { expect, test } from "vitest";
import { beatJson, HIVE_JSON, startTestQueen, type TestQueen, workerJson } from "../../test/test-queen.ts";

/** As a program writes it that takes -1 for an unsigned number. */
const U64_MAX = 2 ** 64 - 1;

const beat = (queen: TestQueen, ...workers: Record<string, unknown>[]) =>
  queen.request("POST", "/v1/heartbeat", beatJson("hive-a", workers.map(workerJson)));
const warnings = (queen: TestQueen) =>
  queen.logLines.filter(({ level, msg }) => level === 40 && msg.includes("heartbeats say")).map(({ field }) => field);

test("a hive of whose worker a number cannot be used stays online, and gets work", async () => {
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", HIVE_JSON);
  for (let beats = 0; beats < 5; beats++) {
    expect(await beat(queen, { vram_bytes: U64_MAX })).toMatchObject({ status: 200 });
    queen.clock.advance(15_000);
    await queen.watch.runRound();
  }
  expect(await queen.catalog.getHive("hive-a")).toMatchObject({ status: "online" });
  expect(await queen.request("GET", "/v1/workers/best?model=llama-3-8b")).toMatchObject({
    status: 200,
    body: { worker_id: "worker-1", vram_bytes: null, ram_bytes: 2_000_000_000 },
  });
});

test("the log says once for each hive and field what cannot be used, and the metrics count each", async () => {
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", HIVE_JSON);
  await beat(queen, { vram_bytes: U64_MAX }, { worker_id: "2", vram_bytes: -1 });
  await beat(queen, { vram_bytes: U64_MAX });
  expect(warnings(queen)).toEqual(["workers.vram_bytes"]);
  await beat(queen, { vram_bytes: U64_MAX, state: "Dancing" });
  expect(warnings(queen)).toEqual(["workers.vram_bytes", "workers.state"]);
  const line = queen.logLines.find(({ field }) => field === "workers.state");
  expect(line).toMatchObject({
    hive_id: "hive-a",
    problem: 'must be one of Idle, Busy, Loading, Error, Shutdown, in any case, got "Dancing"',
    msg: expect.stringContaining("this worker is left out"),
  });
  const { values } = await queen.metrics.unusableParts.get();
  expect(Object.fromEntries(values.map(({ labels, value }) => [labels.part, value]))).toEqual({
    worker: 1,
    gpu: 0,
    model: 0,
    field: 3,
  });
});

test("a hive that was removed and added again is told of again", async () => {
  await using queen = await startTestQueen();
  for (let life = 0; life < 2; life++) {
    await queen.request("POST", "/v1/hives", HIVE_JSON);
    await beat(queen, { slots: 0 });
    await queen.request("DELETE", "/v1/hives/hive-a");
  }
  expect(warnings(queen)).toEqual(["workers.slots", "workers.slots"]);
});

test("a time that cannot be used makes the skew of a hive unknown, and nothing else", async () => {
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", HIVE_JSON);
  for (const timestamp of ["2025-10-21T10:00:00", 1_761_040_800_000, -1, null, undefined]) {
    const answer = await queen.request("POST", "/v1/heartbeat", { ...beatJson("hive-a"), timestamp });
    expect(answer.status).toBe(200);
  }
  expect(await queen.request("GET", "/v1/hives/hive-a/state")).toMatchObject({ body: { live: true, skew_ms: null } });
});
