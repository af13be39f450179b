import { statSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { gpuRowsOf } from "@repo/hive-catalog/testing";
import Database from "libsql";

/**
 * `kinds`: the fleet is made of a few kinds of host. `distinct`: no two hives have the same devices. `half`: the first half of
 * the fleet is `kinds`, the second `distinct`.
 */
type DeviceVariety = "kinds" | "distinct" | "half";

export type Fleet = {
  /** Number of hives; their ids are `hiveId(0)` to `hiveId(size - 1)`. */
  readonly size: number;
  readonly devices: DeviceVariety;
  /** Time of every hive's last beat but the stale ones'; default `beatAt`. */
  readonly nowMs?: number;
  /** Hives, evenly spread, whose last beat is an hour old; default none. */
  readonly stale?: number;
  /** Hives, evenly spread, that have no devices; default none. */
  readonly withoutDevices?: number;
  /** Where every hive is; default a private address that nothing contacts. */
  readonly host?: string;
  readonly port?: number;
};

/** The time that stands still while the catalog is measured, so that no hive becomes stale. */
export const beatAt = 1_800_000_000_000;
/** Kinds of host in a fleet of `kinds`. */
export const HOST_KINDS = 12;

const CHUNK = 50_000;
const FILLING = ["synchronous = OFF", "cache_size = -200000", "temp_store = MEMORY"];
const RESTING = ["synchronous = FULL", "wal_checkpoint(TRUNCATE)"];

export const hiveId = (n: number): string => `hive-${String(n).padStart(7, "0")}`;

/** Makes a catalog file at `path` by the package's own migrations, or by those of the catalog in another module, and fills it as `fillFleet` does. */
export async function makeFleet(path: string, fleet: Fleet, module?: string): ReturnType<typeof fillFleet> {
  // Only here: a process that measures another catalog has none but that.
  const { HiveCatalog } = module === undefined ? await import("@repo/hive-catalog") : await importCatalog(module);
  await (await HiveCatalog.open(path)).close();
  return fillFleet(path, fleet);
}

export const importCatalog = (module: string) => import(module) as Promise<typeof import("@repo/hive-catalog")>;

/**
 * Fills the empty `hives` table of an SQLite file, by a recursive query and with its indexes built afterwards, in a fraction
 * of the time that `addHive` would need; and the rows of their GPUs, where there is a table for them. Resolves to how long the hives took, and to
 * the size of the file for each hive.
 */
export async function fillFleet(path: string, fleet: Fleet): Promise<{ fillMs: number; bytesPerHive: number }> {
  const startedMs = performance.now();
  const database = new Database(path);
  for (const pragma of FILLING) database.exec(`PRAGMA ${pragma}`);
  const indexes = database
    .prepare("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    .all() as { name: string; sql: string }[];
  for (const { name } of indexes) database.exec(`DROP INDEX "${name}"`);
  for (let from = 0; from < fleet.size; from += CHUNK) {
    database.exec(insertSql(fleet, from, Math.min(from + CHUNK, fleet.size)));
    await turnOfTheLoop();
  }
  const fillMs = performance.now() - startedMs;
  if (hasTable(database, "hive_gpus")) fillGpus(database);
  for (const { sql } of indexes) database.exec(sql);
  for (const pragma of RESTING) database.exec(`PRAGMA ${pragma}`);
  database.close();
  return { fillMs, bytesPerHive: statSync(path).size / Math.max(1, fleet.size) };
}

function hasTable(database: Database.Database, name: string): boolean {
  return database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(name) !== undefined;
}

/** As the catalog derives them: it would do so in the background of what is measured. */
function fillGpus(database: Database.Database): void {
  const insert = database.prepare(
    "INSERT INTO hive_gpus (hive_id, model, vendor, vram_gb, n, devices_hash) VALUES (?, ?, ?, ?, ?, ?)",
  );
  const page = database
    .prepare(
      "SELECT rowid, id, devices_json FROM hives WHERE rowid > ? AND devices_json IS NOT NULL ORDER BY rowid LIMIT ?",
    )
    .raw(true);
  database.exec("BEGIN");
  for (let place = 0; ; ) {
    const rows = page.all(place, CHUNK) as [rowId: number, id: string, devices: string][];
    for (const [, id, devices] of rows) for (const gpu of gpuRowsOf(devices)) insert.run(id, ...gpu);
    if (rows.length < CHUNK) break;
    place = rows.at(-1)?.[0] ?? place;
  }
  database.exec("COMMIT");
}

function insertSql(fleet: Fleet, from: number, to: number): string {
  const { size, devices, nowMs = beatAt, stale = 0, withoutDevices = 0, port = 8600 } = fleet;
  const host = fleet.host === undefined ? "printf('10.%d.%d.%d', i >> 16, i >> 8 & 255, i & 255)" : `'${fleet.host}'`;
  const sshHost = fleet.host === undefined ? host : "NULL";
  const some = (count: number, place: number) => (count === 0 ? "0" : `i % ${Math.floor(size / count)} = ${place}`);
  const firstDistinct = { kinds: size, half: size >> 1, distinct: 0 }[devices];
  return `
    WITH RECURSIVE numbers(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM numbers WHERE i + 1 < ${to}),
    hosts(i, kind) AS (SELECT i, CASE WHEN i < ${firstDistinct} THEN i % ${HOST_KINDS} ELSE i END FROM numbers)
    INSERT INTO hives (id, host, port, ssh_host, ssh_port, ssh_user, status, last_heartbeat_ms, devices_json, created_at_ms, updated_at_ms)
    SELECT printf('hive-%07d', i), ${host}, ${port}, ${sshHost}, iif(${sshHost} IS NULL, NULL, 22), iif(${sshHost} IS NULL, NULL, 'admin'),
      CASE WHEN i % 20 = 7 THEN 'offline' WHEN i % 100 = 13 THEN 'unknown' ELSE 'online' END,
      iif(${some(stale, 3)}, ${nowMs} - 3600000, ${nowMs} - i % 15000),
      iif(${some(withoutDevices, 5)}, NULL, ${DEVICES}), ${nowMs} - 86400000, ${nowMs} - 3600000
    FROM hosts`;
}

const GPU = (index: number) =>
  `json_object('index', ${index}, 'name', 'NVIDIA RTX ' || (3060 + 10 * kind), 'vram_gb', 8 * (1 + kind % 10))`;

const DEVICES = `json_object(
  'cpu', json_object('cores', 8 * (1 + kind % 16), 'ram_gb', 32 * (1 + kind % 24)),
  'gpus', CASE kind % 3
    WHEN 0 THEN json_array(${GPU(0)})
    WHEN 1 THEN json_array(${GPU(0)}, ${GPU(1)})
    ELSE json_array(${GPU(0)}, ${GPU(1)}, ${GPU(2)}, ${GPU(3)}) END)`;
