import { closeSync, openSync, writeSync } from "node:fs";
import { readSql } from "./catalog-file.ts";

/** SQL that adds sound hives hive-000001, hive-000002, … at once. */
export function manyHives(count: number): string {
  return `WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count})
    INSERT INTO hives SELECT printf('hive-%06d', n), '127.0.0.1', 8600, NULL, NULL, NULL, 'online', 1761040800000 + n,
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
