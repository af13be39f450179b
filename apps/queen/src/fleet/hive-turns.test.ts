import { expect, test } from "vitest";
import { startHive } from "../../test/hive-server.ts";
import { addHive, HIVE_JSON, startTestQueen, type TestQueen } from "../../test/test-queen.ts";
import { HiveTurns } from "./hive-turns.ts";

const L4 = { cpu: null, gpus: [{ index: 0, name: "NVIDIA L4", vram_gb: 22 }] };

test.each<[what: string, change: Parameters<TestQueen["request"]>]>([
  ["to add a hive", ["POST", "/v1/hives", { ...HIVE_JSON, id: "hive-b" }]],
  ["to cordon it", ["POST", "/v1/hives/hive-b/cordon", { reason: "new fans" }]],
  ["to uncordon it", ["POST", "/v1/hives/hive-b/uncordon"]],
  ["to change it", ["PATCH", "/v1/hives/hive-b", { port: 8601 }]],
  ["to give it devices", ["PUT", "/v1/hives/hive-b/devices", L4]],
  ["to detect its devices", ["POST", "/v1/hives/hive-b/devices"]],
  ["to remove it", ["DELETE", "/v1/hives/hive-b"]],
])("%s waits for its turn, and goes on where the one before has failed", async (_what, change) => {
  await using queen = await startTestQueen();
  const hive = await startHive();
  if (change[1] !== "/v1/hives") await addHive(queen, hive.port, { id: "hive-b" });
  let fail = (_error: Error) => {};
  const before = new Promise((_, reject) => {
    fail = reject;
  });
  const failing = queen.fleet.turns.take("hive-b", () => before);
  const ended: unknown[] = [];
  const changing = queen.request(...change).finally(() => ended.push(change));
  for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
  expect(ended).toEqual([]);
  fail(new Error("it could not be stored"));
  await expect(failing).rejects.toThrow("it could not be stored");
  expect((await changing).status).toBeLessThan(300);
});

test("to add several in lines waits for the turn of each, and no hive beside them waits", async () => {
  await using queen = await startTestQueen();
  let release = () => {};
  const before = queen.fleet.turns.take("hive-b", () => new Promise<void>((resolve) => (release = resolve)));
  const ids = ["hive-a", "hive-b", "hive-c"];
  const payload = ids.map((id) => JSON.stringify({ ...HIVE_JSON, id })).join("\n");
  const headers = { "content-type": "application/x-ndjson" };
  const adding = queen.send({ method: "POST", url: "/v1/hives", headers, payload });
  expect((await queen.request("POST", "/v1/hives", { ...HIVE_JSON, id: "hive-d" })).status).toBe(201);
  for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
  expect(await queen.catalog.listHiveIds()).toEqual(["hive-d"]);
  release();
  await before;
  expect((await adding).status).toBe(200);
  expect(await queen.catalog.listHiveIds()).toEqual([...ids, "hive-d"]);
});

test("turns of several hives that are taken the other way round do not wait for each other for ever", async () => {
  const turns = new HiveTurns();
  const done: string[] = [];
  const work = (name: string) => async () => void done.push(name);
  await Promise.all([
    turns.take("a", work("a")),
    turns.takeAll(["a", "b"], work("a b")),
    turns.takeAll(["b", "a", "b"], work("b a")),
    turns.take("b", work("b")),
  ]);
  expect(done).toEqual(["a", "a b", "b a", "b"]);
});
