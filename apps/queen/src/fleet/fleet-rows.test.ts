import { createClient } from "@libsql/client";
import { HiveCatalog } from "@repo/hive-catalog";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { expect, test, vi } from "vitest";
import { aWorker } from "../../test/a-worker.ts";
import {
  addHive,
  beatJson,
  HIVE_JSON,
  pass,
  startTestQueen,
  type TestQueen,
  workerJson,
} from "../../test/test-queen.ts";
import { whyNoWork } from "./workers/why-no-work.ts";

const GB = 2 ** 30;
const NOT_MEASURED = { measured: false };
const NO_MEMORY = { totalBytes: null, usedBytes: null, freeBytes: null, workersBytes: null, ...NOT_MEASURED };

async function rowOf(queen: TestQueen, id = "hive-a") {
  const row = (await queen.rows.read([id])).get(id);
  if (row === undefined) throw new Error(`no row of ${id}`);
  const { said, ...known } = row;
  return { ...known, ...said };
}

const beatWith = (queen: TestQueen, workers: unknown[], fields: object = {}, id = "hive-a") =>
  queen.request("POST", "/v1/heartbeat", { ...beatJson(id, workers), ...fields });

const devices = (gpus: object[] | null) => ({ devices: { cpu: { cores: 16, ram_gb: 64 }, gpus } });
const GPUS = devices([
  { index: 0, name: "NVIDIA RTX 4090", vram_gb: 24 },
  { index: 1, name: "NVIDIA RTX 4090", vram_gb: 24 },
]);

test("a hive that was never seen is unknown, and nothing that nobody said is 0", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, 8600);
  const hive = await queen.catalog.getHive("hive-a");
  expect(await rowOf(queen)).toEqual({
    hive,
    labels: {},
    status: { value: "unknown", rule: "not_probed_yet", why: "it was not probed yet", sinceMs: null },
    whyNot: "it is unknown: it was not probed yet",
    beatAgeMs: null,
    notBeating: null,
    unreachableSinceMs: null,
    cordon: null,
    probationUntilMs: null,
    workers: null,
    load: null,
    models: null,
    ram: NO_MEMORY,
    gpus: null,
    vram: NO_MEMORY,
    lastOperation: null,
  });
});

test("a hive that beats shows its workers by state, its models, and what is used and left", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, 8600, { ...GPUS, labels: { env: "prod" } });
  const startedMs = queen.clock.now();
  const on = (worker_id: string, device_id: number, fields: object) => workerJson({ worker_id, device_id, ...fields });
  await beatWith(queen, [
    on("w1", 0, { vram_bytes: 8 * GB, ram_bytes: 2 * GB }),
    on("w2", 1, { vram_bytes: 10 * GB, ram_bytes: GB, state: "Busy", model_id: "b" }),
    on("w3", 1, { vram_bytes: GB, ram_bytes: GB, state: "Busy", model_id: "a" }),
    on("w4", 0, { vram_bytes: 0, ram_bytes: 0, state: "Shutdown", model_id: null }),
  ]);
  queen.clock.advance(1500);
  expect(await rowOf(queen)).toMatchObject({
    labels: { env: "prod" },
    status: { value: "online", rule: "beats_arrive", why: "its heartbeats arrive", sinceMs: startedMs },
    whyNot: null,
    beatAgeMs: 1500,
    workers: { idle: 1, busy: 2, loading: 0, error: 0 },
    load: 2 / 3,
    models: ["a", "b", "llama-3-8b"],
    ram: { totalBytes: 64 * GB, usedBytes: 4 * GB, freeBytes: 60 * GB, measured: false },
    gpus: [
      { name: "NVIDIA RTX 4090", totalBytes: 24 * GB, usedBytes: 8 * GB, freeBytes: 16 * GB, measured: false },
      { name: "NVIDIA RTX 4090", totalBytes: 24 * GB, usedBytes: 11 * GB, freeBytes: 13 * GB, measured: false },
    ],
    vram: { totalBytes: 48 * GB, usedBytes: 19 * GB, freeBytes: 29 * GB, measured: false },
  });
});

test("VRAM is measured where telemetry says all of it, of each GPU or of the memory that it shares with its host", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, 8600, GPUS);
  const gpu = (index: number, used: number) => ({
    index,
    memory_total_bytes: 24 * GB,
    memory_used_bytes: used,
    utilization_percent: 37,
  });
  await beatWith(queen, [], { gpus: [gpu(0, 20 * GB), gpu(1, 4 * GB)] });
  expect(await rowOf(queen)).toMatchObject({
    workers: { idle: 0, busy: 0, loading: 0, error: 0 },
    models: [],
    gpus: [{ measured: true, utilizationPercent: 37 }, { measured: true }],
    vram: { totalBytes: 48 * GB, usedBytes: 24 * GB, freeBytes: 24 * GB, measured: true },
  });
  await beatWith(queen, [], { gpus: [gpu(0, 20 * GB)] });
  expect((await rowOf(queen)).vram).toMatchObject({ totalBytes: 48 * GB, usedBytes: null, measured: false });

  const unified = devices([{ index: 0, name: "NVIDIA GB10", vram_gb: null, unified: true }]);
  await addHive(queen, 8601, { id: "spark", ...unified });
  await beatWith(queen, [], { host: { memory_total_bytes: 120 * GB, memory_used_bytes: 30 * GB } }, "spark");
  const shared = { totalBytes: 120 * GB, usedBytes: 30 * GB, freeBytes: 90 * GB, measured: true };
  expect(await rowOf(queen, "spark")).toMatchObject({
    ram: shared,
    gpus: [{ unified: true, ...shared }],
    vram: shared,
  });
});

test("what a beat says is found out once for all rows until the next one, also where GPUs share the memory of their host", async () => {
  await using queen = await startTestQueen();
  const unified = devices([{ index: 0, name: "NVIDIA GB10", vram_gb: null, unified: true }]);
  await addHive(queen, 8600, unified);
  const saidOf = async (used: number | undefined) => {
    const host = { memory_total_bytes: 120 * GB, memory_used_bytes: used };
    if (used !== undefined) await beatWith(queen, [], { host });
    return (await queen.rows.read([HIVE_JSON.id])).get(HIVE_JSON.id)?.said;
  };
  const said = await saidOf(30 * GB);
  expect(await saidOf(undefined)).toBe(said);
  expect((await saidOf(40 * GB))?.vram.usedBytes).toBe(40 * GB);
  await queen.request("PATCH", `/v1/hives/${HIVE_JSON.id}`, devices([]));
  expect((await saidOf(undefined))?.gpus).toEqual([]);
});

test("of a hive that has no GPU, and of one whose GPUs could not be read, it is told which of both it is", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, 8600, devices([]));
  await addHive(queen, 8601, { id: "hive-b", ...devices(null) });
  expect(await rowOf(queen)).toMatchObject({ gpus: [], vram: { totalBytes: 0 }, ram: { totalBytes: 64 * GB } });
  expect(await rowOf(queen, "hive-b")).toMatchObject({ gpus: null, vram: NO_MEMORY, ram: { totalBytes: 64 * GB } });
});

test("a hive that fell silent shows since when, why, and none of what it said before", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, 1);
  await beatWith(queen, [workerJson()]);
  await pass(queen, 150_000);
  const { status, ...row } = await rowOf(queen);
  expect(status).toMatchObject({
    value: "offline",
    rule: "silent",
    why: expect.stringContaining("health checks failed"),
  });
  expect(queen.clock.now() - (status.sinceMs ?? 0)).toBeLessThan(150_000);
  expect(row).toMatchObject({
    whyNot: `it is offline: ${status.why}`,
    beatAgeMs: 150_000,
    unreachableSinceMs: expect.any(Number),
    workers: null,
    models: null,
    ram: NO_MEMORY,
  });
});

test("a hive that is online takes no work when it is cordoned, or on probation, or when its beats do not come here", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, 8600);
  await beatWith(queen, [workerJson()]);
  const cordon = await queen.fleet.cordons.set("hive-a", { reason: "fans", untilMs: queen.clock.now() + 5000 });
  expect(await rowOf(queen)).toMatchObject({ whyNot: "it is cordoned: fans", cordon });
  queen.clock.advance(5000);
  expect(await rowOf(queen)).toMatchObject({ whyNot: null, cordon: null });
  queen.clock.advance(59_000);
  expect(await rowOf(queen)).toMatchObject({ whyNot: expect.stringContaining("hears no heartbeat") });

  for (let change = 0; change < 3; change++) {
    await queen.catalog.updateHiveStatus("hive-a", "offline");
    await queen.watch.runRound();
    await beatWith(queen, [workerJson()]);
  }
  const untilMs = queen.clock.now() + 120_000;
  const whyNot = "it is on probation: it went on and off too often";
  expect(await rowOf(queen)).toMatchObject({ whyNot, probationUntilMs: untilMs });
});

test.each([
  [[], "no worker runs there"],
  [[aWorker({ state: "Busy" }), aWorker()], undefined],
  [[aWorker({ state: "Busy" }), aWorker({ state: "Loading" }), aWorker({ state: "Busy" })], "2 busy, 1 loading"],
  [[aWorker({ state: "Error" }), aWorker({ state: "Shutdown" })], "1 in error, 1 shutting down"],
  [[aWorker({ healthStatus: "degraded" })], "1 not healthy"],
  [[aWorker({ url: "http://127.0.0.1:9300" })], "1 not to be reached from elsewhere"],
  [[aWorker({ running: 4, slots: 4 })], "1 without a free slot"],
  [[aWorker({ running: 3, slots: 4 })], undefined],
])("workers %# take work, or it is said why not", (workers, why) => {
  const prefix = workers.length === 0 ? "" : "none of its workers can be given work: ";
  expect(whyNoWork(workers, "10.0.0.7")).toBe(why && prefix + why);
});

test("reads the rows of those that are there; one that another program damaged is told", async () => {
  await using folder = await temporaryFolder();
  const file = `${folder.path}/hives.db`;
  await using queen = await startTestQueen({ catalog: await HiveCatalog.open(file) });
  await addHive(queen, 8600);
  await addHive(queen, 8601, { id: "hive-b" });
  const other = createClient({ url: `file:${file}` });
  await other.execute("UPDATE hives SET port = 'http' WHERE id = 'hive-b'");
  other.close();
  const damaged: string[] = [];
  const rows = await queen.rows.read(["hive-b", "no-such", "hive-a"], ({ id }) => void damaged.push(id));
  expect([...rows.keys()]).toEqual(["hive-a"]);
  expect(damaged).toEqual(["hive-b"]);
});

test("a hive that is removed while its row is made is left out, and not remembered anew", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, 8600);
  const { labels } = queen.catalog;
  const ofHives = labels.ofHives.bind(labels);
  vi.spyOn(labels, "ofHives").mockImplementationOnce(async (ids) => {
    await queen.fleet.remove(HIVE_JSON.id);
    return await ofHives(ids);
  });
  expect((await queen.rows.read([HIVE_JSON.id])).size).toBe(0);
  expect(queen.fleet.sight(HIVE_JSON.id)).toBeUndefined();
});
