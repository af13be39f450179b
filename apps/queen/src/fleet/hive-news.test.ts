import { expect, test } from "vitest";
import { answer, deadPort, HEALTHY, startHive } from "../../test/hive-server.ts";
import { published } from "../../test/published.ts";
import {
  addHive,
  beat,
  beatJson,
  LIVENESS_SETTINGS,
  pass,
  startTestQueen,
  type TestQueen,
  workerJson,
} from "../../test/test-queen.ts";

/** Events about workers count those that were told until now: a later one takes the place of an earlier one. */
async function toldWhile(queen: TestQueen, work: () => Promise<unknown>): Promise<string[]> {
  const before = queen.events.newest;
  await work();
  return queen.events.after(before, 100).events.map(({ type }) => type);
}

const beatWith = (queen: TestQueen, fields: Record<string, unknown>, more: object = {}) =>
  queen.request("POST", "/v1/heartbeat", { ...beatJson("hive-a", [workerJson(fields)]), ...more });

const hiveOf = async (queen: TestQueen, port: number) => {
  await addHive(queen, port);
  await beat(queen);
};

test("workers of a hive are told of at once, then every 2 s at most, and their last state always", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, 8600);
  const { clock, fleet } = queen;
  expect(await toldWhile(queen, () => beat(queen))).toContain("workers");
  const busy = () => beatWith(queen, { state: "Busy" });
  clock.advance(1999);
  expect(await toldWhile(queen, busy)).toEqual([]);
  expect(await toldWhile(queen, () => fleet.news.tellDue())).toEqual([]);
  clock.advance(1);
  expect(await toldWhile(queen, () => fleet.news.tellDue())).toEqual(["workers"]);
  clock.advance(60_000);
  expect(await toldWhile(queen, () => fleet.news.tellDue())).toEqual([]);
});

test.each<[what: string, fields: Record<string, unknown>, more: object]>([
  ["the state of a worker", { state: "Error" }, {}],
  ["its model", { model_id: "qwen3" }, {}],
  ["its health", { health_status: "ill" }, {}],
  ["its memory", { vram_bytes: 1 }, {}],
  ["its GPUs", { device_ids: [0, 1] }, {}],
  ["its free slots", { running: 4, slots: 4 }, {}],
  ["what is used of a GPU", {}, { gpus: [{ index: 0, memory_total_bytes: 8, memory_used_bytes: 5 }] }],
  ["what is used of RAM", {}, { host: { memory_total_bytes: 8, memory_used_bytes: 5 } }],
])("%s is told of", async (_what, fields, more) => {
  await using queen = await startTestQueen();
  await hiveOf(queen, 8600);
  queen.clock.advance(5000);
  expect(await toldWhile(queen, () => beatWith(queen, fields, more))).toEqual(["workers"]);
  queen.clock.advance(5000);
  expect(await toldWhile(queen, () => beatWith(queen, fields, more))).toEqual([]);
});

test("what no row shows of a beat is not told of", async () => {
  await using queen = await startTestQueen();
  await hiveOf(queen, 8600);
  queen.clock.advance(5000);
  const load = { cpu_percent: 99, gpu_percent: 99, last_heartbeat: "2025-10-21T10:00:05Z" };
  expect(await toldWhile(queen, () => beatWith(queen, load))).toEqual([]);
});

test("workers that are heard no more are told of by the next sweep, and so are they when they are back", async () => {
  await using queen = await startTestQueen();
  const hive = await startHive();
  await hiveOf(queen, hive.port);
  await queen.watch.runRound();
  const silence = () => pass(queen, LIVENESS_SETTINGS.staleAfterMs);
  expect(await toldWhile(queen, silence)).toEqual(["hive_changed", "workers"]);
  expect(await toldWhile(queen, silence)).toEqual([]);
  queen.clock.advance(5000);
  expect(await toldWhile(queen, () => beat(queen))).toEqual(["workers"]);
});

test("a hive that health checks reach no more is told of by the next sweep, and so is it when they do", async () => {
  await using queen = await startTestQueen();
  const hive = await startHive();
  await hiveOf(queen, hive.port);
  await queen.watch.runRound();
  await queen.watch.sweep();
  hive.routes = { "/health": answer(500, "ill") };
  await queen.watch.runRound();
  expect(await toldWhile(queen, () => queen.watch.sweep())).toEqual(["hive_changed"]);
  hive.routes = HEALTHY;
  await queen.watch.runRound();
  expect(await toldWhile(queen, () => queen.watch.sweep())).toEqual(["hive_changed"]);
});

test("the end of a probation is told of by the next sweep", async () => {
  await using queen = await startTestQueen({ flapChanges: 0 });
  await hiveOf(queen, await deadPort());
  const { catalog, clock, watch } = queen;
  await catalog.updateHiveStatus("hive-a", "offline");
  await watch.runRound();
  expect(queen.fleet.sight("hive-a")?.probation).toBeDefined();
  await watch.sweep();
  clock.advance(LIVENESS_SETTINGS.probationMs);
  expect(await toldWhile(queen, () => watch.sweep())).toContain("hive_changed");
});

test("the end of a cordon is told of by the next sweep, once", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, 8600);
  await queen.request("POST", "/v1/hives/hive-a/cordon", { reason: "a new fan", for: "10s" });
  queen.clock.advance(9999);
  expect(await toldWhile(queen, () => queen.watch.sweep())).toEqual([]);
  queen.clock.advance(1);
  expect(await toldWhile(queen, () => queen.watch.sweep())).toEqual(["cordon"]);
  const ended = { hive_id: "hive-a", cordoned: false, reason: "a new fan", until_ms: queen.clock.now() };
  expect(published(queen, "cordon").at(-1)?.[1]).toMatchObject(ended);
  expect(await toldWhile(queen, () => queen.watch.runRound())).toEqual([]);
});

test("a cordon that another program lifted is told of when a caller lifts it, too", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, 8600);
  await queen.request("POST", "/v1/hives/hive-a/cordon", { reason: "a new fan" });
  await queen.catalog.cordons.lift("hive-a");
  const lift = () => queen.request("POST", "/v1/hives/hive-a/uncordon");
  expect(await toldWhile(queen, lift)).toEqual(["cordon"]);
  expect(await toldWhile(queen, lift)).toEqual([]);
});

test("a record that is damaged, and one that is sound again, are told of by the next sweep", async () => {
  await using queen = await startTestQueen();
  await hiveOf(queen, 8600);
  queen.fleet.learnedDamaged("hive-a", queen.clock.monotonicNow());
  expect(await toldWhile(queen, () => queen.watch.sweep())).toEqual(["hive_changed"]);
  await queen.watch.runRound();
  expect(await toldWhile(queen, () => queen.watch.sweep())).toContain("hive_changed");
});
