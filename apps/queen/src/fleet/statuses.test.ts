import { expect, test, vi } from "vitest";
import { deadPort } from "../../test/hive-server.ts";
import { published } from "../../test/published.ts";
import {
  addHive,
  beatJson,
  HIVE_JSON,
  pass,
  startTestQueen,
  statusOf,
  type TestQueen,
  workerJson,
} from "../../test/test-queen.ts";

const PATH = `/v1/hives/${HIVE_JSON.id}`;
const WORKER = workerJson({ url: null, port: 9000, reachable: "all" });

const beat = (queen: TestQueen) => queen.request("POST", "/v1/heartbeat", beatJson(HIVE_JSON.id, [WORKER]));

const best = async (queen: TestQueen) => {
  const { status, body } = await queen.request("GET", "/v1/workers/best?model=llama-3-8b");
  return status === 200 ? (body as { url: string }).url : status;
};

test.each([
  ["somebody asks for its state", (queen: TestQueen) => queen.request("GET", `${PATH}/state`), 404],
  ["its status is read for a beat", beat, 200],
])("a hive that is removed while %s is not met again", async (_what, ask, status) => {
  await using queen = await startTestQueen();
  await addHive(queen, 8600, { status: "online" });
  await queen.watch.runRound();
  queen.fleet.unsure(HIVE_JSON.id);
  const get = queen.catalog.getHive.bind(queen.catalog);
  vi.spyOn(queen.catalog, "getHive").mockImplementationOnce(async (id) => {
    const found = await get(id);
    queen.clock.advance(1);
    expect((await queen.request("DELETE", PATH)).status).toBe(204);
    return found;
  });
  expect((await ask(queen)).status).toBe(status);
  await queen.watch.runRound();
  expect(published(queen).map(([type]) => type)).toEqual(["hive_added", "hive_removed"]);
});

test("a status that a beat brings leaves open the one that a caller wrote before that was answered", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, 8600);
  await queen.watch.runRound();
  const update = queen.catalog.updateHiveStatus.bind(queen.catalog);
  vi.spyOn(queen.catalog, "updateHiveStatus").mockImplementationOnce(async (id, status) => {
    await update(id, status);
    queen.clock.advance(1);
    expect((await queen.request("PATCH", PATH, { status: "offline" })).status).toBe(200);
  });
  expect((await beat(queen)).status).toBe(200);
  expect([await best(queen), await statusOf(queen)]).toEqual([404, "offline"]);
  expect((await beat(queen)).status).toBe(200);
  expect([await best(queen), await statusOf(queen)]).toEqual(["http://127.0.0.1:9000", "online"]);
});

test("of a hive that is removed while it is marked offline nothing is kept", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, await deadPort());
  await beat(queen);
  const mark = queen.catalog.markOffline.bind(queen.catalog);
  vi.spyOn(queen.catalog, "markOffline").mockImplementationOnce(async (...marked) => {
    expect((await queen.request("DELETE", PATH)).status).toBe(204);
    return mark(...marked);
  });
  const isKept = vi.spyOn(queen.fleet.traits, "wrote");
  await pass(queen, 120_000);
  expect(queen.catalog.markOffline).toHaveBeenCalledOnce();
  expect(isKept).not.toHaveBeenCalled();
});
