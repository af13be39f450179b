import { readFile } from "node:fs/promises";
import { createClient } from "@libsql/client";
import { openTestCatalog } from "@repo/hive-catalog/testing";
import { expect, onTestFinished, test } from "vitest";
import { FakeClock } from "../../test/fake-clock.ts";
import { answer, DEVICES_JSON, HiveServer } from "../../test/hive-server.ts";
import { beat, beatJson, HIVE_JSON, startTestQueen, workerAnswer, workerJson } from "../../test/test-queen.ts";
import { until } from "../../test/until.ts";

test("takes a beat: stored by the queen's clock, in the registry with its skew, and the hive is online", async () => {
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", HIVE_JSON);
  queen.clock.advance(500);
  const receivedAt = queen.clock.now();
  const timestamp = new Date(receivedAt + 2000).toISOString();

  const { status, body } = await queen.request("POST", "/v1/heartbeat", beatJson("hive-a", [workerJson()], timestamp));

  expect({ status, body }).toEqual({
    status: 200,
    body: { status: "ok", message: "Heartbeat received from hive-a", next_beat_ms: expect.any(Number) },
  });
  expect(await queen.catalog.getHive("hive-a")).toMatchObject({ lastHeartbeatMs: receivedAt, status: "online" });
  expect((await queen.fleet.view("hive-a")).heard).toMatchObject({
    skewMs: 2000,
    live: true,
    workers: [{ workerId: "worker-1", modelId: "llama-3-8b" }],
  });
  expect(queen.changes()).toEqual(["hive-a: unknown → online"]);
});

test("takes the example of the README, whose fields are all those that there are, and finds its worker", async () => {
  const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
  const example = JSON.parse(/### Heartbeats.*?```json\n(.*?)```/s.exec(readme)?.[1] ?? "");
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", { ...HIVE_JSON, id: "localhost" });

  expect((await queen.request("POST", "/v1/heartbeat", example)).status).toBe(200);

  const best = await queen.request("GET", "/v1/workers/best?model=llama-3-8b");
  expect(best).toMatchObject({ status: 200, body: example.workers[0] });
  expect(Object.keys(example.workers[0])).toEqual(Object.keys(workerAnswer()));
  const rows = [...Object.keys(example), ...Object.keys(example.workers[0])];
  expect(rows.filter((field) => !readme.includes(`| \`${field}\` `))).toEqual([]);
});

test("takes a worker for healthy whatever the case of its health status", async () => {
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", HIVE_JSON);
  const best = async (health_status: string) => {
    await queen.request("POST", "/v1/heartbeat", beatJson("hive-a", [workerJson({ health_status })]));
    return (await queen.request("GET", "/v1/workers/best?model=llama-3-8b")).status;
  };
  expect([await best("Healthy"), await best("unhealthy"), await best("HEALTHY")]).toEqual([200, 404, 200]);
});

test("answers 404 to a hive that nobody added, and keeps nothing of it", async () => {
  await using queen = await startTestQueen();
  const { status, body } = await queen.request("POST", "/v1/heartbeat", beatJson("stranger", [workerJson()]));
  expect({ status, body }).toMatchObject({ status: 404, body: { code: "HIVE_NOT_FOUND" } });
  expect(await queen.catalog.countHives()).toBe(0);
  expect([...queen.fleet.registry.workers()].flat()).toEqual([]);
  expect(queen.fleet.sight("stranger")).toBeUndefined();
});

test("while beats cannot be stored they are refused, and what they say counts: their workers are known, and get work", async () => {
  const clock = new FakeClock();
  await using catalog = await openTestCatalog({ now: () => clock.now(), busyTimeoutMs: 0 });
  await using queen = await startTestQueen({ catalog, clock });
  await queen.request("POST", "/v1/hives", HIVE_JSON);
  const beatWith = (json: Record<string, unknown>) =>
    queen.request("POST", "/v1/heartbeat", beatJson("hive-a", [workerJson(json)]));
  expect(await beatWith({})).toMatchObject({ status: 200 });
  const other = createClient({ url: `file:${catalog.path}` });
  onTestFinished(() => other.close());
  const lock = await other.transaction("write");
  for (let beats = 0; beats < 6; beats++) {
    queen.clock.advance(15_000);
    expect(await beatWith({ model_id: "m" })).toMatchObject({ status: 503, body: { code: "CATALOG_BUSY" } });
  }
  await beat(queen, "stranger");
  expect(await queen.request("GET", "/v1/workers/best?model=m")).toMatchObject({ status: 200 });
  expect(await queen.request("GET", "/v1/models")).toMatchObject({ body: { models: [{ model: "m" }] } });
  await lock.rollback();
});

test("forgets a hive that another program removed, at its next beat", async () => {
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", HIVE_JSON);
  await queen.request("POST", "/v1/heartbeat", beatJson("hive-a", [workerJson()]));
  await queen.catalog.removeHive("hive-a");
  expect((await queen.request("POST", "/v1/heartbeat", beatJson("hive-a"))).status).toBe(404);
  expect([...queen.fleet.registry.workers()].flat()).toEqual([]);
  expect(queen.fleet.sight("hive-a")).toBeUndefined();
});

test("reads states in any case, absent and null fields, other zones, and ignores further keys", async () => {
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", HIVE_JSON);
  const bare = {
    worker_id: "bare",
    state: "bUSY",
    last_heartbeat: "2025-10-21T12:00:00.123456789+02:00",
    health_status: "healthy",
  };
  const nulls = { url: null, model_id: null, backend: null, device_id: null, vram_bytes: null, ram_bytes: null };
  const workers = [
    bare,
    { ...bare, ...nulls, worker_id: "nulls", state: "idle", cpu_percent: null, gpu_percent: null, slots: 4 },
  ];
  const beat = { ...beatJson("hive-a", workers, "2025-10-21T12:00:00.5+02:00"), version: "1.2.3" };

  expect((await queen.request("POST", "/v1/heartbeat", beat)).status).toBe(200);

  const empty = {
    url: null,
    modelId: null,
    backend: null,
    deviceId: null,
    vramBytes: null,
    ramBytes: null,
    cpuPercent: null,
    gpuPercent: null,
  };
  expect((await queen.fleet.view("hive-a")).heard).toMatchObject({
    skewMs: Date.parse("2025-10-21T10:00:00.500Z") - queen.clock.now(),
    workers: [
      { workerId: "bare", state: "Busy", ...empty },
      { workerId: "nulls", state: "Idle", ...empty },
    ],
  });
});

test("reads times whose letters are lower-case, as RFC 3339 allows, and texts of the greatest length", async () => {
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", HIVE_JSON);
  const worker = workerJson({
    last_heartbeat: "2025-10-21t10:00:00z",
    url: "u".repeat(2048),
    worker_id: "x".repeat(256),
    model_id: "m".repeat(256),
  });
  const beat = beatJson("hive-a", [worker], "2025-10-21t12:00:00.5+02:00");
  expect((await queen.request("POST", "/v1/heartbeat", beat)).status).toBe(200);
  expect((await queen.fleet.view("hive-a")).heard).toMatchObject({
    skewMs: Date.parse("2025-10-21T10:00:00.500Z") - queen.clock.now(),
    workers: [{ lastHeartbeat: "2025-10-21t10:00:00z" }],
  });
});

test("makes a hive that was offline online, and writes the status once", async () => {
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", { ...HIVE_JSON, status: "offline" });
  for (let beat = 0; beat < 3; beat += 1) {
    queen.clock.advance(1000);
    await queen.request("POST", "/v1/heartbeat", beatJson("hive-a"));
  }
  const hive = await queen.catalog.getHive("hive-a");
  expect(hive).toMatchObject({ status: "online", lastHeartbeatMs: queen.clock.now() });
  expect(hive?.updatedAtMs).toBe(queen.clock.now() - 2000);
  expect(queen.changes()).toEqual(["hive-a: offline → online"]);
});

test("looks into the catalog at the first beat after a start, and leaves a right status alone", async () => {
  await using queen = await startTestQueen();
  await queen.catalog.addHive({ ...HIVE_JSON, status: "online" });
  const before = await queen.catalog.getHive("hive-a");
  queen.clock.advance(1000);
  await queen.request("POST", "/v1/heartbeat", beatJson("hive-a"));
  expect((await queen.catalog.getHive("hive-a"))?.updatedAtMs).toBe(before?.updatedAtMs);
  expect(queen.changes()).toEqual([]);
});

test("takes many beats of many hives at once", async () => {
  await using queen = await startTestQueen();
  const ids = Array.from({ length: 50 }, (_, index) => `hive-${index}`);
  for (const id of ids) await queen.catalog.addHive({ ...HIVE_JSON, id });
  const answers = await Promise.all(
    [...ids, ...ids, "stranger"].map((id) => queen.request("POST", "/v1/heartbeat", beatJson(id, [workerJson()]))),
  );
  expect(answers.map(({ status }) => status)).toEqual([...Array(100).fill(200), 404]);
  expect(await queen.catalog.countByStatus("online")).toBe(50);
  expect([...queen.fleet.registry.workers({ model: "llama-3-8b" })].flat()).toHaveLength(50);
  expect(queen.changes()).toHaveLength(50);
});

test("writes no log line for a beat", async () => {
  await using queen = await startTestQueen();
  await queen.catalog.addHive({ ...HIVE_JSON, status: "online", devices: { cpu: null, gpus: [] } });
  await queen.request("POST", "/v1/heartbeat", beatJson("hive-a"));
  const before = queen.logLines.length;
  await queen.request("POST", "/v1/heartbeat", beatJson("hive-a"));
  expect(queen.logLines.slice(before)).toEqual([]);
});

test("asks a hive without devices for them at its first beat, once, and not again when that failed", async () => {
  const hive = await HiveServer.start({ "/v1/devices": answer(500, "not yet") });
  try {
    await using queen = await startTestQueen();
    await queen.request("POST", "/v1/hives", { ...HIVE_JSON, port: hive.port });
    await queen.request("POST", "/v1/heartbeat", beatJson("hive-a"));
    const failure = () => queen.logLines.find(({ msg }) => msg.includes("could not be detected"));
    await until("the failure is logged", () => failure() !== undefined);
    const reason = { type: "ProbeError", code: "HIVE_UNREACHABLE", message: expect.stringContaining("500") };
    expect(failure()?.err).toEqual(reason);
    expect(failure()?.level).toBe(40);
    await queen.request("POST", "/v1/heartbeat", beatJson("hive-a"));
    await queen.request("POST", "/v1/heartbeat", beatJson("hive-a"));
    expect(hive.countOf("GET /v1/devices")).toBe(1);

    hive.routes = { "/v1/devices": answer(200, JSON.stringify(DEVICES_JSON)), "/health": answer(200, "") };
    await queen.watch.runRound();
    expect((await queen.catalog.getHive("hive-a"))?.devices).toEqual({
      cpu: { cores: 8, ramGb: 32 },
      gpus: [{ index: 0, name: "RTX 3060", vramGb: 12 }],
    });
  } finally {
    await hive.stop();
  }
});

test("never contacts a hive outside the allowed hosts, and takes its beats", async () => {
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", { ...HIVE_JSON, host: "10.0.1.100" });
  expect((await queen.request("POST", "/v1/heartbeat", beatJson("hive-a"))).status).toBe(200);
  expect(await queen.catalog.getHive("hive-a")).toMatchObject({ status: "online", devices: null });
});
