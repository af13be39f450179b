import { expect, test, vi } from "vitest";
import { published } from "../../test/published.ts";
import {
  addHive,
  beatJson,
  HIVE_JSON,
  startTestQueen,
  statusOf,
  type TestQueen,
  workerJson,
} from "../../test/test-queen.ts";
import { until } from "../../test/until.ts";

const PATH = `/v1/hives/${HIVE_JSON.id}`;
const WORKER = workerJson({ url: null, port: 9000, reachable: "all" });
const L4 = { cpu: null, gpus: [{ index: 0, name: "NVIDIA L4", vram_gb: 22 }] };

const beat = (queen: TestQueen) => queen.request("POST", "/v1/heartbeat", beatJson(HIVE_JSON.id, [WORKER]));

/** A hive that is read, by `read`, and not learned before `go`: an online one with a worker, unless it never beat. */
async function startSlow(read: (queen: TestQueen) => Promise<unknown>, { beats = true } = {}) {
  const queen = await startTestQueen();
  await addHive(queen, 8600);
  await queen.watch.runRound();
  if (beats) await beat(queen);
  const { labels } = queen.catalog;
  const ofHives = labels.ofHives.bind(labels);
  let letGo = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  let isRead = false;
  labels.ofHives = async (ids) => {
    const found = await ofHives(ids);
    isRead = true;
    await held;
    return found;
  };
  const reading = read(queen);
  await until("it is read", () => isRead);
  labels.ofHives = ofHives;
  queen.clock.advance(1);
  const go = () => {
    letGo();
    return reading;
  };
  return { queen, go };
}

const label = async (queen: TestQueen) => {
  expect((await queen.request("PATCH", PATH, { labels: { env: "prod" } })).status).toBe(200);
};

/** The other change has all the time it needs to be answered first, unless it waits for its turn. */
async function meanwhile(other: ReturnType<TestQueen["request"]>, go: () => Promise<unknown>): Promise<void> {
  for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
  await go();
  expect((await other).status).toBeLessThan(300);
}

const typesOf = (queen: TestQueen) => published(queen).flatMap(([type]) => (type === "workers" ? [] : type));

const best = async (queen: TestQueen, query = "") => {
  const { status, body } = await queen.request("GET", `/v1/workers/best?model=llama-3-8b${query}`);
  return status === 200 ? (body as { url: string }).url : status;
};

test.each<[what: string, change: Parameters<TestQueen["request"]>, query: string, answer: unknown]>([
  ["its status", ["PATCH", PATH, { status: "offline" }], "", 404],
  ["its address", ["PATCH", PATH, { host: "127.0.0.2" }], "", "http://127.0.0.2:9000"],
  ["its devices", ["PUT", `${PATH}/devices`, L4], "&gpu=nvidia:22GB", "http://127.0.0.1:9000"],
  ["its labels", ["PATCH", PATH, { labels: { env: null } }], "&selector=env", 404],
])(
  "of two changes of a hive at once, what was stored last is what is known of %s",
  async (_what, later, query, answer) => {
    const { queen, go } = await startSlow(label);
    await using _ = queen;
    await meanwhile(queen.request(...later), go);
    expect(await best(queen, query)).toBe(answer);
    const told = typesOf(queen).length;
    await queen.watch.runRound();
    expect(await best(queen, query)).toBe(answer);
    expect(typesOf(queen).slice(told)).toEqual([]);
  },
);

test.each<[what: string, read: (queen: TestQueen) => Promise<unknown>]>([
  ["a change of it is answered", label],
  ["a round reads it", ({ watch }) => watch.runRound()],
])("a hive that is removed while %s is gone, and told of once", async (_what, read) => {
  const { queen, go } = await startSlow(read);
  await using _ = queen;
  await meanwhile(queen.request("DELETE", PATH), go);
  await queen.watch.runRound();
  expect(typesOf(queen).slice(-1)).toEqual(["hive_removed"]);
  expect(typesOf(queen).filter((type) => /added|removed/.test(type))).toEqual(["hive_added", "hive_removed"]);
});

test.each([
  ["that says nothing of it leaves the status", { labels: { env: "prod" } }, "http://127.0.0.1:9000"],
  ["that says another one leaves open the status", { status: "offline" }, 404],
])("a change %s that a beat brought meanwhile, until the next one", async (_what, changes, answer) => {
  const { queen, go } = await startSlow((queen) => queen.request("PATCH", PATH, changes), { beats: false });
  await using _ = queen;
  expect((await beat(queen)).status).toBe(200);
  await go();
  expect(await best(queen)).toBe(answer);
  expect((await beat(queen)).status).toBe(200);
  expect(await best(queen)).toBe("http://127.0.0.1:9000");
  expect(await statusOf(queen)).toBe("online");
  expect(queen.changes()).toEqual(["hive-a: unknown → online"]);
});

test.each<[what: string, change: Parameters<TestQueen["request"]>]>([
  ["to add a hive", ["POST", "/v1/hives", { ...HIVE_JSON, id: "hive-b" }]],
  ["to cordon it", ["POST", "/v1/hives/hive-b/cordon", { reason: "new fans" }]],
  ["to uncordon it", ["POST", "/v1/hives/hive-b/uncordon"]],
  ["to change it", ["PATCH", "/v1/hives/hive-b", { port: 8601 }]],
  ["to give it devices", ["PUT", "/v1/hives/hive-b/devices", L4]],
  ["to remove it", ["DELETE", "/v1/hives/hive-b"]],
])("%s waits for its turn, and goes on where the one before has failed", async (_what, change) => {
  await using queen = await startTestQueen();
  if (change[1] !== "/v1/hives") await addHive(queen, 8600, { id: "hive-b" });
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
  expect(typesOf(queen)).toEqual(["hive_added", "hive_removed"]);
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
