import { createClient } from "@libsql/client";
import { HiveCatalog } from "@repo/hive-catalog";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { expect, test } from "vitest";
import { addHive, beat, startTestQueen, type TestQueen } from "../../../test/test-queen.ts";
import { FleetLists } from "./fleet-lists.ts";
import type { ListQuery } from "./list-query.ts";
import { Snapshots } from "./snapshots.ts";

const query = (fields: Partial<ListQuery>): ListQuery => ({
  conditions: {},
  sort: "id",
  descending: false,
  onCorruptHive: () => {},
  ...fields,
});

/** Lists of a fleet whose hives all beat, that sort two of them at most. */
async function listsOf(queen: TestQueen): Promise<FleetLists> {
  for (const [n, id] of ["a", "b", "c"].entries()) {
    await addHive(queen, 8600 + n, { id });
    await beat(queen, id);
  }
  return new FleetLists(queen, new Snapshots(queen, 2));
}

test("more live hives than are sorted are refused in an order of memory, with the orders that there are", async () => {
  await using queen = await startTestQueen();
  const lists = await listsOf(queen);
  const message = expect.stringContaining("by id and by status alone");
  for (const order of [{ sort: "load" }, { sort: "last_beat", descending: true }] as const) {
    await expect(lists.open(query(order))).rejects.toMatchObject({ code: "TOO_MANY_TO_SORT", message });
  }
});

test("more live hives than are sorted are still found by what memory knows of them", async () => {
  await using queen = await startTestQueen();
  const lists = await listsOf(queen);
  for (const asked of [
    { model: "llama-3-8b" },
    { takesWork: true },
    { model: "llama-3-8b", sort: "status" },
  ] as const) {
    const page = await lists.open(query(asked));
    const ids: string[] = [];
    while (!page.isOver) ids.push(...(await page.read(100)).map(({ hive }) => hive.id));
    expect(ids, JSON.stringify(asked)).toEqual(["a", "b", "c"]);
  }
});

test("of hives that are asked for by what memory knows, each page goes through a bounded part of the fleet", async () => {
  await using folder = await temporaryFolder();
  const file = `${folder.path}/hives.db`;
  await using queen = await startTestQueen({ catalog: await HiveCatalog.open(file) });
  const other = createClient({ url: `file:${file}` });
  await other.execute(`WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 5199)
    INSERT INTO hives (id, host, port, created_at_ms, updated_at_ms) SELECT printf('hive-%04d', i), '10.0.0.1', 8600, 0, 0 FROM n`);
  other.close();
  const lists = new FleetLists({ ...queen, catalog: queen.catalog });
  const asked = query({ takesWork: true, sort: "status" });
  const first = await lists.open(asked);
  while (!first.isOver) expect(await first.read(100)).toEqual([]);
  const second = await lists.open(asked, first.cursor);
  while (!second.isOver) await second.read(100);
  // Two of the batches find that no hive is offline, and none online.
  expect([first.scanned, second.scanned, second.cursor]).toEqual([4800, 400, undefined]);
});

test("a hive whose label another program has changed comes no second time in a list by that label", async () => {
  await using queen = await startTestQueen();
  for (const [n, id] of ["a", "b"].entries()) await addHive(queen, 8600 + n, { id, labels: { rack: `r${n}` } });
  await queen.watch.runRound();
  const lists = new FleetLists(queen);
  const asked = query({ groupBy: "rack" });
  const ids = async (page: Awaited<ReturnType<typeof lists.open>>, limit: number) =>
    (await page.read(limit)).map(({ hive }) => hive.id);
  const first = await lists.open(asked);
  expect(await ids(first, 1)).toEqual(["a"]);
  queen.clock.advance(1);
  await queen.catalog.labels.set("a", { rack: "r2" });
  expect(await ids(await lists.open(asked, first.cursor), 100)).toEqual(["b"]);
});
