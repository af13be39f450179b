import { expect, test } from "vitest";
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
