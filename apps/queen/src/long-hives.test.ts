import { openTestCatalog } from "@repo/hive-catalog/testing";
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { HIVE_JSON, startTestQueen, type TestQueen } from "../test/test-queen.ts";
import { FleetRows } from "./fleet/fleet-rows.ts";
import { Costs } from "./http/door/costs.ts";
import { wholeTurn } from "./process/turn.ts";

/** The most that a hive may have, with long names: half a megabyte is less than two of them. */
const DEVICES = {
  cpu: null,
  gpus: Array.from({ length: 1024 }, (_, index) => ({ index, name: "x".repeat(256), vramGb: 1 })),
};
const COUNT = 8;
const AT_ONCE = 2;

async function startWithLongHives() {
  const catalog = await openTestCatalog();
  const queen = await startTestQueen({ catalog });
  const ids = Array.from({ length: COUNT }, (_, n) => `hive-${1000 + n}`);
  for (const id of ids)
    await queen.catalog.addHive({
      ...HIVE_JSON,
      host: "10.0.0.1",
      id,
      devices: DEVICES,
      labels: { rack: `r${id.at(-1)}` },
    });
  return { queen, catalog, ids };
}

/** Of all tests that only read. */
let all: Awaited<ReturnType<typeof startWithLongHives>>;
beforeAll(async () => {
  all = await startWithLongHives();
  await all.queen.watch.runRound();
});
afterAll(() => all.queen[Symbol.asyncDispose]());
afterEach(() => void vi.restoreAllMocks());

/** Counts turns of the event loop until the test is over. */
function countTurns() {
  const loop = { turn: 0 };
  let isDone = false;
  onTestFinished(() => {
    isDone = true;
  });
  void (async () => {
    for (; !isDone; loop.turn++) await wholeTurn();
  })();
  return loop;
}

/** How often the number that is there most often is there. */
const mostAtOnce = (turns: readonly number[]): number =>
  Math.max(...turns.map((turn) => turns.filter((other) => other === turn).length));

type Page = { hives: ({ id: string } | { hive: { id: string } })[]; damaged: { id: string }[]; next_after: string };

/** The ids of all pages of a list, and how many each page has; those of damaged rows too. */
async function pagesOf(queen: TestQueen, path: string, damagedIds: string[] = []) {
  const pages: string[][] = [];
  for (let after = ""; ; ) {
    const { status, body } = await queen.request("GET", `${path}${after}`);
    expect(status).toBe(200);
    const { hives, damaged, next_after } = body as Page;
    damagedIds.push(...damaged.map(({ id }) => id));
    pages.push(hives.map((hive) => ("hive" in hive ? hive.hive.id : hive.id)));
    if (next_after === null) return pages;
    after = `&after=${encodeURIComponent(next_after)}`;
  }
}

test("a health round learns few hives with very many GPUs in one turn of the event loop, and all of them", async () => {
  const { queen, ids } = all;
  const loop = countTurns();
  const learned: [id: string, turn: number][] = [];
  const { learned: learn } = queen.fleet;
  vi.spyOn(queen.fleet, "learned").mockImplementation((...hive) => {
    learned.push([hive[0].id, loop.turn]);
    learn.apply(queen.fleet, hive);
  });
  await queen.watch.runRound();
  expect(learned.map(([id]) => id)).toEqual(ids);
  expect(mostAtOnce(learned.map(([, turn]) => turn))).toBeLessThanOrEqual(AT_ONCE);
});

test("few rows of hives with very many GPUs are made in one turn of the event loop", async () => {
  const { queen, ids } = all;
  const loop = countTurns();
  const made: number[] = [];
  const { standing } = queen.fleet;
  vi.spyOn(queen.fleet, "standing").mockImplementation((hive) => {
    made.push(loop.turn);
    return standing.call(queen.fleet, hive);
  });
  expect([...(await queen.rows.read(ids)).keys()]).toEqual(ids);
  expect(mostAtOnce(made)).toBeLessThan(6);
});

test.each(["/v1/hives?limit=1000", "/v1/hives?limit=1000&status=unknown", "/v1/hives?limit=1000&text=hive"])(
  "of GET %s a page has few hives with very many GPUs, and all pages have all",
  async (path) => {
    const { queen, ids } = all;
    const pages = await pagesOf(queen, path);
    expect(pages.flat()).toEqual(ids);
    expect(Math.max(...pages.map(({ length }) => length))).toBeLessThanOrEqual(AT_ONCE);
  },
);

test.each(["sort=id", "sort=-id", "sort=status", "sort=load", "sort=last_beat", "sort=free_vram", "group_by=rack"])(
  "GET /v1/fleet?%s reads few hives with very many GPUs at once, writes one row in a turn, and has all of them",
  async (order) => {
    const { queen, ids } = all;
    const turns = vi.spyOn(Costs.prototype, "turn");
    const rows = vi.spyOn(FleetRows.prototype, "of");
    const found = (await pagesOf(queen, `/v1/fleet?limit=1000&${order}`)).flat();
    expect(found.toSorted()).toEqual(ids);
    expect(turns.mock.calls.length).toBeGreaterThanOrEqual(COUNT);
    expect(Math.max(...rows.mock.calls.map(([hives]) => hives.length))).toBeLessThanOrEqual(AT_ONCE);
  },
);

test.each(["/v1/hives?limit=1000", "/v1/fleet?sort=id", "/v1/fleet?sort=load", "/v1/fleet?group_by=rack"])(
  "GET %s tells each damaged row among hives with very many GPUs once",
  async (path) => {
    const { queen, catalog, ids } = await startWithLongHives();
    onTestFinished(() => queen[Symbol.asyncDispose]());
    const damaged = ids.filter((_, n) => n % 3 === 1);
    await catalog.run(`UPDATE hives SET port = 'http' WHERE id IN ('${damaged.join("', '")}')`);
    const told: string[] = [];
    const found = (await pagesOf(queen, path, told)).flat();
    expect(found.toSorted()).toEqual(ids.filter((id) => !damaged.includes(id)));
    expect(told.toSorted()).toEqual(damaged);
  },
);

test("what is done to all hives is done to all, also where they have very many GPUs", async () => {
  const { queen, ids } = await startWithLongHives();
  onTestFinished(() => queen[Symbol.asyncDispose]());
  const cordoned: string[] = [];
  for (let after: string | null | undefined; after !== null; ) {
    const { body } = await queen.request("POST", "/v1/hives/actions", {
      ...{ action: "cordon", reason: "fans", text: "hive" },
      ...(after !== undefined && { after }),
    });
    const lines = body as { type: string; hive_id: string; next_after: string | null }[];
    cordoned.push(...lines.flatMap((line) => (line.type === "hive" ? [line.hive_id] : [])));
    after = lines.at(-1)?.next_after ?? null;
  }
  expect(cordoned.toSorted()).toEqual(ids);
});
