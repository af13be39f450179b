import { expect, test } from "vitest";
import { aHeartbeat, aWorker } from "../../../test/a-worker.ts";
import { beatJson, HIVE_JSON, startTestQueen, type TestQueen, workerJson } from "../../../test/test-queen.ts";
import { addToken } from "../../../test/tokens.ts";
import { countTurns } from "../../../test/turns.ts";
import { DEFAULT_LIMITS } from "../../config/settings.ts";

const LIMITS = { ...DEFAULT_LIMITS, tokenRequestsPerSecond: 10 };
const many = <Item>(count: number, make: (position: number) => Item) =>
  Array.from({ length: count }, (_, n) => make(n));

/** What is known of so many hives with 16 workers each. */
function hear(queen: TestQueen, hives: number): void {
  const workers = many(16, (n) => aWorker({ workerId: `${n}` }));
  for (let n = 0; n < hives; n++) queen.fleet.registry.update(aHeartbeat(`hive-${n}`, workers), 0);
}

/** One online hive with a thousand workers, and a reader. */
async function startWithThousandWorkers() {
  const queen = await startTestQueen({ limits: LIMITS });
  const { authorization } = await addToken(queen.catalog, "reader");
  const operator = await addToken(queen.catalog, "operator");
  await queen.door.known.refresh();
  await queen.catalog.addHive({ ...HIVE_JSON, devices: null });
  const gpus = [{ index: 0, memory_total_bytes: 2 ** 30, memory_used_bytes: 0 }];
  const workers = many(1000, (n) => workerJson({ worker_id: `${n}` }));
  const json = { ...beatJson("hive-a", workers), gpus };
  const beat = { method: "POST", url: "/v1/heartbeat", headers: { authorization: operator.authorization } } as const;
  expect(await queen.send({ ...beat, payload: json })).toMatchObject({
    status: 200,
  });
  const ask = async (query: string) =>
    (await queen.send({ url: `/v1/workers/best?model=llama-3-8b${query}`, headers: { authorization } })).status;
  const claim = async (payload: object) =>
    (await queen.send({ method: "POST", url: "/v1/workers/claims", headers: { authorization }, payload })).status;
  return { ask, claim, [Symbol.asyncDispose]: () => queen[Symbol.asyncDispose]() };
}

async function statusesOf(count: number, ask: () => Promise<number>): Promise<number[]> {
  const statuses: number[] = [];
  for (let n = 0; n < count; n++) statuses.push(await ask());
  return statuses;
}

test("workers of which none is found are looked for in batches, between which other work has its turns", async () => {
  await using queen = await startTestQueen();
  hear(queen, 1000);
  const { result, turns } = await countTurns(() => queen.request("GET", "/v1/workers?backend=none"));
  expect(result).toMatchObject({ status: 200, body: { workers: [] } });
  expect(turns).toBeGreaterThanOrEqual(16);
});

test.each(["/v1/workers?backend=none", "/v1/models"])(
  "whoever has thousands of workers scanned counts for several requests: %s",
  async (url) => {
    await using queen = await startTestQueen({ limits: LIMITS });
    hear(queen, 600);
    const { authorization } = await addToken(queen.catalog, "reader");
    const ask = async () => (await queen.send({ url, headers: { authorization } })).status;
    expect(await statusesOf(3, ask)).toEqual([200, 429, 429]);
  },
);

test.each([
  // The few bytes of an answer that is written in pieces count, too.
  ["/v1/workers", 9],
  ["/v1/models", 10],
])("a list that one step makes costs one request: %s", async (url, answered) => {
  await using queen = await startTestQueen({ limits: LIMITS });
  const { authorization } = await addToken(queen.catalog, "reader");
  const ask = async () => (await queen.send({ url, headers: { authorization } })).status;
  expect(await statusesOf(answered + 1, ask)).toEqual([...Array(answered).fill(200), 429]);
});

test("the best of a thousand workers, or none of a backend that none has, costs one request", async () => {
  await using queen = await startWithThousandWorkers();
  const { ask } = queen;
  const [five, fiveOther] = [await statusesOf(5, () => ask("")), await statusesOf(5, () => ask("&backend=none"))];
  expect([...five, ...fiveOther]).toEqual([...Array(5).fill(200), ...Array(5).fill(404)]);
});

test.each([
  ["best", "&min_free_vram_gb=2"],
  ["claim", { model: "llama-3-8b", hold_ms: 5000, min_free_vram_gb: 2 }],
] as const)("a look at each of a thousand workers is one more: %s", async (_name, asked) => {
  await using queen = await startWithThousandWorkers();
  const ask = () => (typeof asked === "string" ? queen.ask(asked) : queen.claim(asked));
  expect(await statusesOf(7, ask)).toEqual([...Array(5).fill(404), 429, 429]);
});

test("a selector that is held against a thousand busy hives, to say why there is no worker, is one more", async () => {
  await using queen = await startTestQueen({ limits: LIMITS });
  const busy = [aWorker({ state: "Busy" })];
  for (let n = 0; n < 1000; n++) queen.fleet.registry.update(aHeartbeat(`hive-${n}`, busy), 0);
  const { authorization } = await addToken(queen.catalog, "reader");
  const url = `/v1/workers/best?model=${busy[0]?.modelId}&selector=env%3Dprod`;
  const ask = async () => (await queen.send({ url, headers: { authorization } })).status;
  expect(await statusesOf(7, ask)).toEqual([...Array(5).fill(404), 429, 429]);
});

test("a count of hundreds of hives counts for more than one request", async () => {
  await using queen = await startTestQueen({ limits: LIMITS });
  await Promise.all(many(300, (n) => queen.catalog.addHive({ ...HIVE_JSON, id: `hive-${n}`, devices: null })));
  const { authorization } = await addToken(queen.catalog, "reader");
  const ask = async () => (await queen.send({ url: "/v1/counts", headers: { authorization } })).status;
  expect(await statusesOf(8, ask)).toEqual([...Array(7).fill(200), 429]);
});
