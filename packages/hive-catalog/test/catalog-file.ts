import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "libsql";
import { HiveCatalog } from "../src/catalog.ts";
import type { OpenOptions } from "../src/options.ts";
import { knownMigrations } from "../src/sql/migrations.ts";
import { emptyCatalogFile, folderInMemory } from "../src/testing.ts";

/** The table as the specification has it, and as the Rust system made it. */
export const SPECIFICATION_DDL = `
CREATE TABLE IF NOT EXISTS hives (
    id                  TEXT PRIMARY KEY,
    host                TEXT NOT NULL,
    port                INTEGER NOT NULL,
    ssh_host            TEXT,
    ssh_port            INTEGER,
    ssh_user            TEXT,
    status              TEXT NOT NULL DEFAULT 'unknown',
    last_heartbeat_ms   INTEGER,
    devices_json        TEXT,        -- JSON serialized DeviceCapabilities
    created_at_ms       INTEGER NOT NULL,
    updated_at_ms       INTEGER NOT NULL
);

CREATE INDEX IF NOT EXISTS idx_hives_status ON hives(status);
CREATE INDEX IF NOT EXISTS idx_hives_heartbeat ON hives(last_heartbeat_ms);
`;

/** Its columns: another program names them, whatever the table has beside them. */
export const SPECIFICATION_COLUMNS =
  "id, host, port, ssh_host, ssh_port, ssh_user, status, last_heartbeat_ms, devices_json, created_at_ms, updated_at_ms";

/** The same columns without NOT NULL: a row can be damaged by a NULL anywhere. */
export const LOOSE_DDL = SPECIFICATION_DDL.replaceAll(/ NOT NULL/g, "");

/** What makes a catalog as it was when there were only so many migrations. */
export function migrationsAsApplied(count: number): string[] {
  const applied = knownMigrations().slice(0, count);
  return [
    ...applied.flatMap(({ sql }) => sql),
    "CREATE TABLE __drizzle_migrations (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at numeric)",
    ...applied.map(
      ({ hash, folderMillis }) =>
        `INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('${hash}', ${folderMillis})`,
    ),
  ];
}

/** Runs statements on a file through a connection of its own, as another program would. */
export function runSql(path: string, ...statements: string[]): void {
  const database = new Database(path);
  database.exec("PRAGMA synchronous = OFF");
  try {
    for (const sql of statements) database.exec(sql);
  } finally {
    database.close();
  }
}

/** The rows of a query on a file, read through a connection of its own. */
export function readSql(path: string, sql: string): unknown[][] {
  const database = new Database(path);
  try {
    return database.prepare(sql).raw(true).all() as unknown[][];
  } finally {
    database.close();
  }
}

/** One catalog file in a folder of its own, which is closed and removed when it is disposed of. */
export class CatalogFile {
  readonly path: string;
  readonly #folder: AsyncDisposable;
  readonly #opened: HiveCatalog[] = [];

  private constructor(folder: { path: string } & AsyncDisposable) {
    this.#folder = folder;
    this.path = join(folder.path, "hives.db");
  }

  /** No file yet, or one that another program made with these statements. */
  static async create(...statements: string[]): Promise<CatalogFile> {
    const file = new CatalogFile(await folderInMemory());
    if (statements.length > 0) file.run(...statements);
    return file;
  }

  /** A catalog without hives, and with all its migrations. */
  static async migrated(): Promise<CatalogFile> {
    const file = await CatalogFile.create();
    writeFileSync(file.path, await emptyCatalogFile(), { mode: 0o600 });
    return file;
  }

  async open(options?: OpenOptions): Promise<HiveCatalog> {
    const catalog = await HiveCatalog.open(this.path, options);
    this.#opened.push(catalog);
    return catalog;
  }

  run(...statements: string[]): void {
    runSql(this.path, ...statements);
  }

  read(sql: string): unknown[][] {
    return readSql(this.path, sql);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const catalog of this.#opened) await catalog.close();
    await this.#folder[Symbol.asyncDispose]();
  }
}

/** A copy of a database whose committed pages stand in its -wal, as a killed program leaves it. */
export function leaveWal(source: string, target: string, ...statements: string[]): void {
  const database = new Database(source);
  database.exec("PRAGMA journal_mode = WAL");
  database.exec("PRAGMA wal_autocheckpoint = 0");
  for (const sql of statements) database.exec(sql);
  copyFileSync(source, target);
  copyFileSync(`${source}-wal`, `${target}-wal`);
  database.close();
}

/** Leaves at `target` what a program that keeps a -journal leaves when it is killed in the midst of a change; `statements` make what was there before. */
export function leaveJournal(path: string, target: string, ...statements: string[]): void {
  runSql(path, ...statements);
  const database = new Database(path);
  try {
    // The change does not fit into that cache: the file has half of it.
    for (const sql of ["PRAGMA cache_size = 2", "BEGIN"]) database.exec(sql);
    for (let n = 0; n < 100; n++) {
      database.exec(
        `INSERT INTO hives (id, host, port, created_at_ms, updated_at_ms) VALUES ('half-done-${n}', '${"h".repeat(250)}', 1, 0, 0)`,
      );
    }
    for (const suffix of ["", "-journal"]) copyFileSync(path + suffix, target + suffix);
  } finally {
    database.close();
  }
}
