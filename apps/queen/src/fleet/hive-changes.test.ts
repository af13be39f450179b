import { expect, test } from "vitest";
import { published } from "../../test/published.ts";
import { addHive, beatJson, HIVE_JSON, startTestQueen, type TestQueen, workerJson } from "../../test/test-queen.ts";
import { until } from "../../test/until.ts";

const PATH = `/v1/hives/${HIVE_JSON.id}`;
const WORKER = workerJson({ url: null, port: 9000, reachable: "all" });
const L4 = { cpu: null, gpus: [{ index: 0, name: "NVIDIA L4", vram_gb: 22 }] };

/** An online hive with a worker, of which a label is being changed: that is stored, and read again, and not learned before `go`. */
async function startSlowChange() {
  const queen = await startTestQueen();
  await addHive(queen, 8600);
  await queen.watch.runRound();
  await queen.request("POST", "/v1/heartbeat", beatJson(HIVE_JSON.id, [WORKER]));
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
  const change = queen.request("PATCH", PATH, { labels: { env: "prod" } });
  await until("it is stored and read", () => isRead);
  labels.ofHives = ofHives;
  queen.clock.advance(1);
  const go = () => {
    letGo();
    return change;
  };
  return { queen, go };
}

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
  "a change that was stored earlier and is answered later undoes nothing of what is known of %s",
  async (_what, later, query, answer) => {
    const { queen, go } = await startSlowChange();
    await using _ = queen;
    expect((await queen.request(...later)).status).toBe(200);
    const told = published(queen).length;
    expect((await go()).status).toBe(200);
    expect(await best(queen, query)).toBe(answer);
    await queen.watch.runRound();
    expect(await best(queen, query)).toBe(answer);
    expect(
      published(queen)
        .slice(told)
        .map(([type]) => type),
    ).toEqual(["hive_changed"]);
  },
);

test("a hive that is removed while a change of it is answered is gone, and told of once", async () => {
  const { queen, go } = await startSlowChange();
  await using _ = queen;
  expect((await queen.request("DELETE", PATH)).status).toBe(204);
  expect((await go()).status).toBe(200);
  await queen.watch.runRound();
  expect(published(queen).filter(([type]) => type === "hive_removed")).toHaveLength(1);
});
