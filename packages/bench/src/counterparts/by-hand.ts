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

/** What hives are found by: as the catalog has it, so that both sides write the same rows. */
export const FOUND_TABLES = `
  CREATE TABLE hive_labels (hive_id TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (key, value, hive_id));
  CREATE INDEX idx_hive_labels_hive ON hive_labels(hive_id, key, value);
  CREATE TABLE hive_gpus (hive_id TEXT NOT NULL, model TEXT NOT NULL, vendor TEXT NOT NULL, vram_gb INTEGER NOT NULL, n INTEGER NOT NULL,
    devices_hash INTEGER NOT NULL, PRIMARY KEY (model, hive_id, vendor, vram_gb));
  CREATE INDEX idx_hive_gpus_hive ON hive_gpus(hive_id);`;

export const COLUMNS =
  "id, host, port, ssh_host, ssh_port, ssh_user, status, last_heartbeat_ms, devices_json, created_at_ms, updated_at_ms";

export type Row = [
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
  readonly #addLabel;
  readonly #addGpu;
  readonly #removeGpus;

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
    this.#addLabel = database.prepare("INSERT INTO hive_labels (hive_id, key, value) VALUES (?, ?, ?)");
    this.#addGpu = database.prepare(
      "INSERT INTO hive_gpus (hive_id, model, vendor, vram_gb, n, devices_hash) VALUES (?, ?, ?, ?, ?, ?)",
    );
    this.#removeGpus = database.prepare("DELETE FROM hive_gpus WHERE hive_id = ?");
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

  addHive(hive: HiveRecord, labels: Readonly<Record<string, string>> = {}): void {
    this.#database.exec("BEGIN IMMEDIATE");
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
    for (const [key, value] of Object.entries(labels)) this.#addLabel.run(hive.id, key, value);
    if (hive.devices !== null) this.#addGpus(hive.id, hive.devices);
    this.#database.exec("COMMIT");
  }

  updateHiveStatus(id: string, status: HiveStatus): void {
    this.#setStatus.run(status, Date.now(), id);
  }

  updateDevices(id: string, devices: DeviceCapabilities): void {
    this.#database.exec("BEGIN IMMEDIATE");
    this.#setDevices.run(devicesJson(devices), Date.now(), id);
    this.#removeGpus.run(id);
    this.#addGpus(id, devices);
    this.#database.exec("COMMIT");
  }

  /** Of each kind one row, and the simplest of rules for what a kind is. */
  #addGpus(id: string, { gpus }: DeviceCapabilities): void {
    const counts = new Map<string, { name: string; vramGb: number; count: number }>();
    for (const { name, vramGb } of gpus ?? []) {
      const kind = counts.get(`${name} ${vramGb}`);
      if (kind === undefined) counts.set(`${name} ${vramGb}`, { name, vramGb: vramGb ?? -1, count: 1 });
      else kind.count++;
    }
    for (const { name, vramGb, count } of counts.values())
      this.#addGpu.run(id, name, "nvidia", vramGb, count, id.length);
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

export function toRecord(row: Row): HiveRecord {
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

function devicesJson({ cpu, gpus }: DeviceCapabilities): string {
  return JSON.stringify({
    cpu: cpu && { cores: cpu.cores, ram_gb: cpu.ramGb },
    gpus: gpus?.map(({ index, name, vramGb }) => ({ index, name, vram_gb: vramGb })),
  });
}
