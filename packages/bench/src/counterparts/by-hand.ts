import type { DeviceCapabilities } from "@repo/device-types";
import type { HiveRecord, HiveStatus } from "@repo/hive-catalog";
import Database from "libsql";

/** The table and the indexes that the specification names: what one would start from by hand. */
export const SPECIFIED_TABLE = `
  CREATE TABLE hives (
    id TEXT PRIMARY KEY, host TEXT NOT NULL, port INTEGER NOT NULL, ssh_host TEXT, ssh_port INTEGER, ssh_user TEXT,
    status TEXT NOT NULL DEFAULT 'unknown', last_heartbeat_ms INTEGER, devices_json TEXT,
    created_at_ms INTEGER NOT NULL, updated_at_ms INTEGER NOT NULL);
  CREATE INDEX idx_hives_status ON hives(status);
  CREATE INDEX idx_hives_heartbeat ON hives(last_heartbeat_ms);`;

const COLUMNS =
  "id, host, port, ssh_host, ssh_port, ssh_user, status, last_heartbeat_ms, devices_json, created_at_ms, updated_at_ms";

type Row = [
  id: string,
  host: string,
  port: number,
  sshHost: string | null,
  sshPort: number | null,
  sshUser: string | null,
  status: HiveStatus,
  lastHeartbeatMs: number | null,
  devicesJson: string | null,
  createdAtMs: number,
  updatedAtMs: number,
];

type DevicesJson = {
  cpu: { cores: number; ram_gb: number } | null;
  gpus: { index: number; name: string; vram_gb: number }[];
};

/** The part of the interface that `libsql` and better-sqlite3 share. */
export type SqliteBinding = Pick<Database.Database, "exec" | "close"> & { prepare(sql: string): Database.Statement };

/**
 * What a careful programmer writes by hand: one connection, WAL, `synchronous=FULL`, a page cache that holds the file, statements prepared once, rows as arrays
 * (the faster of the binding's two forms), whole records, nothing checked.
 */
export class HandWritten {
  readonly #database: SqliteBinding;
  readonly #get;
  readonly #list;
  readonly #page;
  readonly #add;
  readonly #setStatus;
  readonly #setDevices;
  readonly #beat;

  constructor(database: SqliteBinding) {
    this.#database = database;
    database.exec("PRAGMA journal_mode = WAL");
    database.exec("PRAGMA synchronous = FULL");
    // As large as the catalog's: a small one would flatter ours where the file is large.
    database.exec("PRAGMA cache_size = -36000");
    this.#get = database.prepare(`SELECT ${COLUMNS} FROM hives WHERE id = ?`).raw(true);
    this.#list = database.prepare(`SELECT ${COLUMNS} FROM hives ORDER BY id`).raw(true);
    this.#page = database.prepare(`SELECT ${COLUMNS} FROM hives WHERE id > ? ORDER BY id LIMIT ?`).raw(true);
    this.#add = database.prepare(`INSERT INTO hives (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#setStatus = database.prepare("UPDATE hives SET status = ?, updated_at_ms = ? WHERE id = ?");
    this.#setDevices = database.prepare("UPDATE hives SET devices_json = ?, updated_at_ms = ? WHERE id = ?");
    this.#beat = database.prepare(
      "UPDATE hives SET last_heartbeat_ms = max(coalesce(last_heartbeat_ms, 0), ?) WHERE id = ?",
    );
  }

  static open(path: string): HandWritten {
    return new HandWritten(new Database(path));
  }

  getHive(id: string): HiveRecord | undefined {
    const row = this.#get.get(id) as Row | undefined;
    return row && toRecord(row);
  }

  listHives(): HiveRecord[] {
    return (this.#list.all() as Row[]).map(toRecord);
  }

  pageOfHives(after: string, limit: number): HiveRecord[] {
    return (this.#page.all(after, limit) as Row[]).map(toRecord);
  }

  addHive(hive: HiveRecord): void {
    this.#add.run(
      hive.id,
      hive.host,
      hive.port,
      hive.sshHost,
      hive.sshPort,
      hive.sshUser,
      hive.status,
      hive.lastHeartbeatMs,
      hive.devices && devicesJson(hive.devices),
      hive.createdAtMs,
      hive.updatedAtMs,
    );
  }

  updateHiveStatus(id: string, status: HiveStatus): void {
    this.#setStatus.run(status, Date.now(), id);
  }

  updateDevices(id: string, devices: DeviceCapabilities): void {
    this.#setDevices.run(devicesJson(devices), Date.now(), id);
  }

  updateHeartbeat(id: string, timestampMs: number): void {
    this.#beat.run(timestampMs, id);
  }

  updateHeartbeats(ids: readonly string[], timestampMs: number): void {
    this.#database.exec("BEGIN IMMEDIATE");
    for (const id of ids) this.#beat.run(timestampMs, id);
    this.#database.exec("COMMIT");
  }

  close(): void {
    this.#database.close();
  }
}

function toRecord(row: Row): HiveRecord {
  return {
    id: row[0],
    host: row[1],
    port: row[2],
    sshHost: row[3],
    sshPort: row[4],
    sshUser: row[5],
    status: row[6],
    lastHeartbeatMs: row[7],
    devices: row[8] === null ? null : devicesOf(JSON.parse(row[8]) as DevicesJson),
    createdAtMs: row[9],
    updatedAtMs: row[10],
  };
}

export function devicesOf({ cpu, gpus }: DevicesJson): DeviceCapabilities {
  return {
    cpu: cpu && { cores: cpu.cores, ramGb: cpu.ram_gb },
    gpus: gpus.map(({ index, name, vram_gb }) => ({ index, name, vramGb: vram_gb })),
  };
}

export function devicesJson({ cpu, gpus }: DeviceCapabilities): string {
  return JSON.stringify({
    cpu: cpu && { cores: cpu.cores, ram_gb: cpu.ramGb },
    gpus: gpus?.map(({ index, name, vramGb }) => ({ index, name, vram_gb: vramGb })),
  });
}
