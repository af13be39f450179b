import { closeSync, openSync, writeSync } from "node:fs";
import { readSql, runSql, SPECIFICATION_COLUMNS } from "./catalog-file.ts";

/** SQL that adds sound hives hive-000001, hive-000002, … at once. */
export function manyHives(count: number): string {
  return `WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count})
    INSERT INTO hives (${SPECIFICATION_COLUMNS})
    SELECT printf('hive-%06d', n), '127.0.0.1', 8600, NULL, NULL, NULL, 'online', 1761040800000 + n,
    '{"cpu":{"cores":16,"ram_gb":64},"gpus":[{"index":0,"name":"NVIDIA RTX 4090","vram_gb":24}]}', 1761040800000, 1761040800000
    FROM numbers`;
}

/** Writes noise over the first page of a table or index, as a failing disk would. The file must have no -wal. */
export function overwritePage(path: string, tableOrIndex: string): void {
  const [[page, size] = []] = readSql(
    path,
    `SELECT rootpage, page_size FROM sqlite_schema, pragma_page_size WHERE name = '${tableOrIndex}'`,
  );
  const file = openSync(path, "r+");
  writeSync(file, Buffer.alloc(Number(size), 0xa5), 0, Number(size), (Number(page) - 1) * Number(size));
  closeSync(file);
}

/** Leaves the index of heartbeats as it was before all heartbeats changed: damage that no page shows. */
export function makeIndexStale(path: string): void {
  const [[sql, rootPage] = []] = readSql(
    path,
    "SELECT sql, rootpage FROM sqlite_schema WHERE name = 'idx_hives_heartbeat'",
  );
  runSql(path, "PRAGMA writable_schema = ON", "DELETE FROM sqlite_schema WHERE name = 'idx_hives_heartbeat'");
  runSql(path, "UPDATE hives SET last_heartbeat_ms = 1");
  runSql(
    path,
    "PRAGMA writable_schema = ON",
    `INSERT INTO sqlite_schema VALUES ('index', 'idx_hives_heartbeat', 'hives', ${rootPage}, '${sql}')`,
  );
}
