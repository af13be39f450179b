import { expect, test } from "vitest";
import { CatalogFile, LOOSE_DDL } from "../../test/catalog-file.ts";
import { HIVE_STATUSES } from "../model/hive.ts";
import { openDatabase } from "../sql/open.ts";
import { countOfStatus } from "./status-count.ts";

/** What other programs may have stored: statuses that stand before, between and after the known ones, and in no order at all. */
const FOREIGN = [
  "NULL",
  "''",
  "'dead'",
  "'Online'",
  "'online '",
  "'zombie'",
  "5",
  "x'6f6e6c696e65'",
  "CAST(x'ff' AS TEXT)",
];

const insert = (status: string, count: number) => `
  WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < ${count})
  INSERT INTO hives (id, host, port, status, created_at_ms, updated_at_ms)
  SELECT lower(hex(randomblob(8))), '10.0.0.1', 8600, ${status}, 0, 0 FROM numbers WHERE ${count} > 0`;

/** A loose table, in which a status may be NULL. */
async function countsOf(fleet: [status: string, count: number][]): Promise<number[]> {
  await using file = await CatalogFile.create(LOOSE_DDL, ...fleet.map(([status, count]) => insert(status, count)));
  const catalog = await file.open();
  return Promise.all(HIVE_STATUSES.map((status) => catalog.countByStatus(status)));
}

/** None, fewer than the sixteenth that is counted one by one, as many, one more, most, and all. */
test.each([0, 1, 19, 20, 21, 22, 160, 300, 319, 320])("%i of 320 hives are online", async (online) => {
  const offline = Math.floor((320 - online) / 3);
  const unknown = 320 - online - offline;
  expect(
    await countsOf([
      ["'unknown'", unknown],
      ["'online'", online],
      ["'offline'", offline],
    ]),
  ).toEqual([unknown, online, offline]);
});

test.each(FOREIGN)("hives with the status %s count as none of the known ones", async (foreign) => {
  for (const count of [1, 30, 3000]) {
    const fleet: [string, number][] = [
      ["'unknown'", 7],
      ["'online'", 200],
      ["'offline'", 90],
    ];
    expect(await countsOf([...fleet, [foreign, count]]), `${count} of them`).toEqual([7, 200, 90]);
  }
});

test("no row is read: every part of the count is in an index", async () => {
  const { client, db } = await openDatabase(":memory:", { migrate: true, busyTimeoutMs: 0 });
  const { rows } = await client.execute(`EXPLAIN QUERY PLAN ${countOfStatus(db).toSQL().sql}`, Array(5).fill("online"));
  client.close();
  const reads = rows.map((row) => String(row[3])).filter((step) => step.includes("hives"));
  expect(reads.length).toBeGreaterThan(4);
  for (const step of reads) expect(step).toContain("USING COVERING INDEX");
});
