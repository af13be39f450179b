import { createClient } from "@libsql/client";
import { HiveCatalog } from "@repo/hive-catalog";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addHive, beatJson, HIVE_JSON, startTestQueen, type TestQueen, workerJson } from "../../../test/test-queen.ts";

const GB = 2 ** 30;
const cpu = { cores: 64, ram_gb: 512 };
const gpus = [{ index: 0, name: "NVIDIA H100 80GB HBM3", vram_gb: 80 }];

interface Fleet {
  hives: {
    hive: { id: string };
    vram: { free_bytes: number | null };
    beat_age_ms: number | null;
    load: number | null;
  }[];
  next_after: string | null;
  totals: Record<string, number>;
  position: string;
  damaged: { id: string; column: string }[];
}

async function list(queen: TestQueen, query: Record<string, string> = {}) {
  const { status, body } = await queen.request("GET", `/v1/fleet?${new URLSearchParams(query)}`);
  expect(status, JSON.stringify(body)).toBe(200);
  const fleet = body as Fleet;
  return { ...fleet, ids: fleet.hives.map(({ hive }) => hive.id).join() };
}

/** All pages, of so many hives each. */
async function listAll(queen: TestQueen, query: Record<string, string>, limit = 1): Promise<string> {
  const ids: string[] = [];
  for (let after: string | null | undefined; after !== null; ) {
    const page = await list(queen, { ...query, limit: String(limit), ...(after !== undefined && { after }) });
    ids.push(...page.hives.map(({ hive }) => hive.id));
    after = page.next_after;
  }
  return ids.join();
}

const beatOf = (queen: TestQueen, id: string, workers: unknown[], usedGb?: number) =>
  queen.request("POST", "/v1/heartbeat", {
    ...beatJson(id, workers),
    ...(usedGb !== undefined && { gpus: [{ index: 0, memory_total_bytes: 80 * GB, memory_used_bytes: usedGb * GB }] }),
  });

/** a: online, idle, 60 GB free; b: online, cordoned, 20 GB free, older beat; c: online, busy, free unknown; d: offline; e: unknown. */
async function addFleet(queen: TestQueen): Promise<void> {
  await addHive(queen, 8601, { id: "a", devices: { cpu, gpus }, labels: { rack: "r2", env: "prod" } });
  await addHive(queen, 8602, { id: "b", devices: { cpu, gpus }, labels: { rack: "r1", env: "prod" } });
  await addHive(queen, 8603, { id: "c", labels: { rack: "r1" } });
  await addHive(queen, 8604, { id: "d", status: "offline", labels: { rack: "r2" } });
  await addHive(queen, 8605, { id: "e" });
  await beatOf(queen, "b", [workerJson({ model_id: "qwen3", running: 1, slots: 4 })], 60);
  queen.clock.advance(1000);
  await beatOf(queen, "a", [workerJson()], 20);
  queen.clock.advance(1000);
  await beatOf(queen, "c", [workerJson({ state: "Busy", vram_bytes: null })]);
  await queen.fleet.cordons.set("b", { reason: "fans" });
}

/** With that fleet, of the tests that only read. */
let reading: TestQueen;
beforeAll(async () => {
  reading = await startTestQueen();
  await addFleet(reading);
});
afterAll(() => reading[Symbol.asyncDispose]());

test("finds hives by all that the catalog knows and by what memory knows, all together", async () => {
  const queen = reading;
  for (const [query, ids] of [
    [{}, "a,b,c,d,e"],
    [{ selector: "env=prod" }, "a,b"],
    [{ gpu: "nvidia:80GB" }, "a,b"],
    [{ ram: "256GB", cores: "32" }, "a,b"],
    [{ status: "online" }, "a,b,c"],
    [{ cordoned: "true" }, "b"],
    [{ text: "D" }, "a,b,d"],
    [{ id: "d,no-such,a" }, "a,d"],
    [{ id: "c,a,e", takes_work: "true" }, "a"],
    [{ id: "c,a,e", status: "online", sort: "status" }, "a,c"],
    [{ id: "d,c,a", sort: "-load" }, "c,a,d"],
    [{ id: "a,b,d,e", group_by: "rack" }, "b,a,d,e"],
    [{ takes_work: "true" }, "a"],
    [{ takes_work: "false" }, "b,c,d,e"],
    [{ model: "llama-3-8b" }, "a,c"],
    [{ model: "qwen3" }, "b"],
    [{ model: "no-such" }, ""],
    [{ min_free_vram_gb: "20" }, "a,b"],
    [{ min_free_vram_gb: "20.5" }, "a"],
    [{ model: "llama-3-8b", takes_work: "false" }, "c"],
    [{ selector: "env=prod", takes_work: "true", min_free_vram_gb: "1", model: "llama-3-8b" }, "a"],
    [{ status: "online", takes_work: "true", sort: "status" }, "a"],
    [{ model: "llama-3-8b", group_by: "rack" }, "c,a"],
    [{ model: "llama-3-8b", sort: "-load" }, "c,a"],
  ] as const) {
    expect(await listAll(queen, query), JSON.stringify(query)).toBe(ids);
    expect((await list(queen, query)).ids, JSON.stringify(query)).toBe(ids);
  }
});

test.each([
  [{ sort: "id" }, "a,b,c,d,e"],
  [{ sort: "-id" }, "e,d,c,b,a"],
  [{ sort: "status" }, "d,a,b,c,e"],
  [{ sort: "-status" }, "e,a,b,c,d"],
  [{ sort: "status", status: "online" }, "a,b,c"],
  [{ sort: "free_vram" }, "b,a,c,d,e"],
  [{ sort: "-free_vram" }, "a,b,c,d,e"],
  [{ sort: "load" }, "a,b,c,d,e"],
  [{ sort: "-load" }, "c,b,a,d,e"],
  [{ sort: "last_beat" }, "b,a,c,d,e"],
  [{ sort: "-last_beat" }, "c,a,b,d,e"],
  [{ sort: "-last_beat", selector: "rack=r2" }, "a,d"],
  [{ sort: "-id", model: "llama-3-8b" }, "c,a"],
  [{ group_by: "rack" }, "b,c,a,d,e"],
  [{ group_by: "rack", selector: "env=prod" }, "b,a"],
  [{ group_by: "rack", selector: "!env" }, "c,d,e"],
  [{ group_by: "constructor" }, "a,b,c,d,e"],
])("%j lists them in that order, in pages of any size", async (query, ids) => {
  const queen = reading;
  for (const limit of [1, 2, 5]) expect(await listAll(queen, query, limit), `limit ${limit}`).toBe(ids);
});

test("tells how many hives are in each state, of the whole fleet, and from where to follow", async () => {
  await using queen = await startTestQueen();
  await addFleet(queen);
  const { totals, position, hives } = await list(queen, { limit: "1", selector: "env=prod" });
  expect(hives).toHaveLength(1);
  expect(totals).toEqual({
    total: 5,
    online: 3,
    offline: 1,
    unknown: 1,
    cordoned: 1,
    on_probation: 0,
    unreachable: 0,
    not_beating: 0,
  });
  expect(position).toBe(queen.events.idOf(queen.events.newest));
  await queen.watch.runRound();
  expect((await list(queen)).totals).toMatchObject({ online: 3, unreachable: 3 });
  const counts = await queen.request("GET", "/v1/counts");
  expect(totals).toMatchObject(counts.body as object);
});

test("finds the hives that its totals count as unreachable and as on probation, in any order", async () => {
  await using queen = await startTestQueen();
  await addFleet(queen);
  expect(await listAll(queen, { unreachable: "true" })).toBe("");
  for (let change = 0; change < 3; change++) {
    await queen.catalog.updateHiveStatus("a", "offline");
    await queen.watch.runRound();
    await beatOf(queen, "a", [workerJson()]);
  }
  await addHive(queen, 8606, { id: "f" });
  const { totals } = await list(queen);
  expect(totals).toMatchObject({ on_probation: 1, unreachable: 3 });
  for (const [query, ids] of [
    [{ on_probation: "true" }, "a"],
    [{ on_probation: "true", sort: "-load" }, "a"],
    [{ on_probation: "false" }, "b,c,d,e,f"],
    [{ unreachable: "true" }, "a,b,c"],
    [{ unreachable: "true", group_by: "rack" }, "b,c,a"],
    [{ unreachable: "true", on_probation: "false", id: "a,b,f" }, "b"],
    [{ unreachable: "false" }, "d,e,f"],
    [{ unreachable: "false", sort: "status" }, "d,e,f"],
  ] as const) {
    expect(await listAll(queen, query), JSON.stringify(query)).toBe(ids);
  }
});

test("a damaged row is told and left out, in whatever order", async () => {
  await using folder = await temporaryFolder();
  const file = `${folder.path}/hives.db`;
  await using queen = await startTestQueen({ catalog: await HiveCatalog.open(file) });
  await addFleet(queen);
  const other = createClient({ url: `file:${file}` });
  await other.execute("UPDATE hives SET port = 'http' WHERE id = 'a'");
  other.close();
  for (const query of [{}, { sort: "-id" }, { sort: "status" }, { sort: "free_vram" }, { group_by: "rack" }]) {
    const { ids, damaged, totals } = await list(queen, query as Record<string, string>);
    expect(ids.split(",").sort().join()).toBe("b,c,d,e");
    expect(damaged).toMatchObject([{ id: "a", column: "port" }]);
    expect(totals.total).toBe(5);
  }
});

test.each([
  [{ sort: "size" }, "sort", "must be one of id, status, free_vram, load, last_beat"],
  [{ sort: "id", group_by: "rack" }, "sort", "must not be given with group_by"],
  [{ group_by: "no key" }, "group_by", "must be the key of a label"],
  [{ group_by: "rack", selector: `a${",a".repeat(15)}` }, "selector", "with !rack, which group_by adds"],
  [{ group_by: "rack", selector: "env=prod=x" }, "selector", "at character 9"],
  [{ selector: "env=prod=x" }, "selector", "at character 9"],
  [{ takes_work: "perhaps" }, "takes_work", "must be true or false"],
  [{ unreachable: "1" }, "unreachable", "must be true or false"],
  [{ id: "" }, "id", "must be the id of a hive"],
  [{ id: Array(101).fill("a").join() }, "id", "must be at most 100 of them"],
  [{ model: "" }, "model", "must not be empty"],
  [{ min_free_vram_gb: "-1" }, "min_free_vram_gb", "must be a number from 0"],
  [{ after: "a" }, "after", "must be the `next_after` of a page with the same query"],
  [
    { after: Buffer.from('{"o":"id"}').toString("base64url") },
    "after",
    "must be the `next_after` of a page with the same query",
  ],
  [{ limit: "1001" }, "limit", "must be a whole number from 1 to 1000"],
])("refuses %j, and names the parameter and the rule", async (query, field, message) => {
  const queen = reading;
  const { status, body } = await queen.request(
    "GET",
    `/v1/fleet?${new URLSearchParams(query as Record<string, string>)}`,
  );
  const errors = [{ field, message: expect.stringContaining(message) }];
  expect({ status, body }).toMatchObject({ status: 400, body: { code: "INVALID_ARGUMENT", errors } });
});

test("goes on by id after a restart of the queen; in another order it says that the list is to be begun anew", async () => {
  await using folder = await temporaryFolder();
  const file = `${folder.path}/hives.db`;
  const after: Record<string, string> = {};
  {
    await using queen = await startTestQueen({ catalog: await HiveCatalog.open(file) });
    await addFleet(queen);
    for (const sort of ["id", "status", "-load"])
      after[sort] = (await list(queen, { sort, limit: "2" })).next_after ?? "";
    const { body } = await queen.request("GET", `/v1/fleet?sort=-id&after=${after.id}`);
    expect(body).toMatchObject({
      errors: [{ field: "after", message: expect.stringContaining("of a page with the same query") }],
    });
  }
  await using queen = await startTestQueen({ catalog: await HiveCatalog.open(file) });
  expect((await list(queen, { after: after.id ?? "" })).ids).toBe("c,d,e");
  for (const sort of ["status", "-load"]) {
    const answer = await queen.request("GET", `/v1/fleet?sort=${sort}&after=${after[sort]}`);
    expect(answer).toMatchObject({ status: 410, body: { code: "LIST_EXPIRED" } });
  }
});

test.each([
  { sort: "free_vram", v: ["abc", "-5", "1e9", "Infinity", "1.5", ""] },
  { sort: "-last_beat", v: ["NaN"] },
  { sort: "status", v: ["bogus", null] },
  { sort: "id", v: ["a"] },
])("an `after` that was made up for a list by $sort is refused, and one of another query", async ({ sort, v }) => {
  const queen = reading;
  const { next_after: after } = await list(queen, { sort, limit: "1" });
  const place = JSON.parse(Buffer.from(after ?? "", "base64url").toString());
  const madeUp = v.map((value) => Buffer.from(JSON.stringify({ ...place, v: value })).toString("base64url"));
  const queries = madeUp.map((made) => ({ sort, after: made }) as Record<string, string>);
  queries.push({ sort, after: after ?? "", status: "online" }, { sort, after: after ?? "", takes_work: "true" });
  for (const query of queries) {
    const { status, body } = await queen.request("GET", `/v1/fleet?${new URLSearchParams(query)}`);
    const errors = [{ field: "after", message: "must be the `next_after` of a page with the same query" }];
    expect({ query, status, body }).toMatchObject({ query, status: 400, body: { code: "INVALID_ARGUMENT", errors } });
  }
  await list(queen, { sort, limit: "3", after: after ?? "" });
});

test("an order of what changes with every beat is kept for a minute after it was used last", async () => {
  await using queen = await startTestQueen();
  await addFleet(queen);
  let { next_after: after } = await list(queen, { sort: "-free_vram", limit: "1" });
  const next = () => queen.request("GET", `/v1/fleet?sort=-free_vram&limit=1&after=${after}`);
  await beatOf(queen, "b", [], 0);
  queen.clock.advance(60_000);
  expect(await next()).toMatchObject({ status: 200 });
  queen.clock.advance(60_000);
  const { status, body } = await next();
  expect(status).toBe(200);
  expect((body as Fleet).hives).toMatchObject([{ hive: { id: "b" } }]);
  after = (body as Fleet).next_after;
  queen.clock.advance(60_001);
  expect(await next()).toMatchObject({ status: 410, body: { code: "LIST_EXPIRED" } });
});

test("however many begin lists, one that was begun before goes on", async () => {
  await using queen = await startTestQueen();
  await addFleet(queen);
  const { next_after: after } = await list(queen, { sort: "-free_vram", limit: "1" });
  for (let n = 0; n < 50; n++) {
    queen.clock.advance(1001);
    for (const sort of ["free_vram", "-free_vram", "load"]) await list(queen, { sort, limit: "1" });
    await list(queen, { takes_work: "true", limit: "1" });
  }
  await list(queen, { sort: "-free_vram", limit: "1", after: after ?? "" });
});

test("a long page is one answer in steps, with its rows in order", async () => {
  await using queen = await startTestQueen();
  const ids = Array.from({ length: 450 }, (_, n) => `hive-${1000 + n}`);
  for (const id of ids) await queen.catalog.addHive({ ...HIVE_JSON, id });
  const first = await list(queen, { limit: "400" });
  expect(first.ids).toBe(ids.slice(0, 400).join());
  const second = await list(queen, { limit: "400", after: first.next_after ?? "" });
  expect(second).toMatchObject({ ids: ids.slice(400).join(), next_after: null });
});
