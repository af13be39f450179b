import { expect, test } from "vitest";
import { CatalogFile, LOOSE_DDL } from "../../test/catalog-file.ts";
import type { SqlStatement } from "../drivers/client.ts";
import { HIVE_STATUSES } from "../model/hive.ts";
import { openDatabase } from "../sql/open.ts";
import { hiveExists } from "../traits/presence.ts";
import {
  allHives,
  allIds,
  countWithStatus,
  hiveOfId,
  hivesOfIds,
  hivesWithoutDevices,
  hivesWithStatus,
  removal,
  staleHives,
  storeBeat,
  storeBeats,
} from "./statements.ts";

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

test("hives of each status are counted, and a foreign status counts as none of them", async () => {
  // A loose table, in which a status may be NULL.
  await using file = await CatalogFile.create(LOOSE_DDL);
  const catalog = await file.open();
  const counts = () => Promise.all(HIVE_STATUSES.map((status) => catalog.countByStatus(status)));
  expect(await counts()).toEqual([0, 0, 0]);
  file.run(insert("'unknown'", 7), insert("'online'", 200), insert("'offline'", 90));
  expect(await counts()).toEqual([7, 200, 90]);
  for (const foreign of FOREIGN) {
    file.run(insert(foreign, 30));
    expect(await counts(), foreign).toEqual([7, 200, 90]);
  }
  expect(await catalog.countHives()).toBe(297 + 30 * FOREIGN.length);
});

test("hives are counted whatever their ids are", async () => {
  await using file = await CatalogFile.create(LOOSE_DDL);
  const catalog = await file.open();
  file.run(insert("'online'", 12));
  const ids = ["''", "NULL", "7", "x'ff'", "CAST(x'ff41' AS TEXT)"];
  for (const id of ids) {
    file.run(
      `INSERT INTO hives (id, host, port, status, created_at_ms, updated_at_ms) VALUES (${id}, 'h', 1, 'online', 0, 0)`,
    );
  }
  expect(await catalog.countByStatus("online")).toBe(12 + ids.length);
});

const page = { limit: 10, maxBytes: 1, id: "a", lastHeartbeatMs: 1 };
const beats = { beats: '{"a":1}', believableMs: 2 };

/** Each with the index that it searches, and what of it SQLite compares. */
test.each<[string, SqlStatement, string]>([
  ["hiveOfId", hiveOfId.query({ id: "a" }), "sqlite_autoindex_hives_1 (id=?)"],
  ["hiveExists", hiveExists({ id: "a" }), "COVERING INDEX sqlite_autoindex_hives_1 (id=?)"],
  ["hivesOfIds", hivesOfIds.first({ ...page, ids: '["a","b"]' }), "sqlite_autoindex_hives_1 (id=?)"],
  ["allIds", allIds.next(page), "COVERING INDEX sqlite_autoindex_hives_1 (id>?)"],
  ["allHives", allHives.next(page), "sqlite_autoindex_hives_1 (id>?)"],
  ["hivesWithStatus", hivesWithStatus.next({ ...page, status: "online" }), "idx_hives_status_id (status=? AND id>?)"],
  ["hivesWithoutDevices", hivesWithoutDevices.next(page), "idx_hives_lacking_devices (id>?)"],
  [
    "staleHives",
    staleHives.next({ ...page, beforeMs: 5 }),
    "idx_hives_heartbeat (last_heartbeat_ms>? AND last_heartbeat_ms<?)",
  ],
  ["countWithStatus", countWithStatus({ status: "online" }), "COVERING INDEX idx_hives_status_id (status=?)"],
  ["storeBeat", storeBeat({ id: "a", beatMs: 1, believableMs: 2 }), "sqlite_autoindex_hives_1 (id=?)"],
  ["storeBeats", storeBeats(beats), "sqlite_autoindex_hives_1 (id=?)"],
])("%s searches an index, and does not sort the whole table", async (_name, { sql, args }, index) => {
  const { client } = await openDatabase(":memory:", { migrate: true, busyTimeoutMs: 0 });
  const { rows } = await client.execute({ sql: `EXPLAIN QUERY PLAN ${sql}`, args });
  client.close();
  const plan = rows.map((row) => String(row[3])).join("\n");
  expect(plan).toContain(index);
  expect(plan).not.toContain("TEMP B-TREE FOR ORDER BY");
});

test("to remove a hive reads nothing of the others, however many they are", async () => {
  const { client } = await openDatabase(":memory:", { migrate: true, busyTimeoutMs: 0 });
  for (const statement of removal) {
    const { sql, args } = statement({ id: "a", nowMs: 1 });
    const { rows } = await client.execute({ sql: `EXPLAIN QUERY PLAN ${sql}`, args });
    const steps = rows
      .map((row) => String(row[3]))
      .filter((step) => /\b(?:hives|cordons|tokens|operations|hive_labels|hive_gpus)\b/.test(step));
    expect(steps.length, sql).toBeGreaterThan(0);
    for (const step of steps) expect(step, sql).toMatch(/^SEARCH /);
  }
  client.close();
});
