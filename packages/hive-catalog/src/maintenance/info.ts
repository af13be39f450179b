import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { plain } from "../drivers/client.ts";
import { HIVE_STATUSES, type HiveStatus } from "../model/hive.ts";
import { sizeOf } from "../sql/files.ts";
import { fromHex } from "../sql/identity.ts";
import { type MigrationState, migrationNames, readMigrationState } from "../sql/migrations.ts";
import { countIn } from "../sql/statement.ts";
import { readSynchronous, type Synchronous } from "../sql/synchronous.ts";
import { RECORD_TABLES, type RecordTable, recordTables } from "./check.ts";
import { type ReadOptions, readingFrom, readNumber } from "./source.ts";
import type { Reader } from "./sql-thread.ts";

/** What there is to know of a catalog at a glance. */
export type CatalogInfo = {
  readonly location: string;
  /** Undefined for a server, as is all that only a file has. */
  readonly file: FileInfo | undefined;
  /** Undefined for a file. */
  readonly server: ServerInfo | undefined;
  readonly sqliteVersion: string;
  /** Names of migrations. */
  readonly migrations: { readonly applied: readonly string[]; readonly pending: readonly string[] };
  readonly hives: number;
  /** A hive with a damaged status is in none of them. */
  readonly hivesByStatus: Readonly<Record<HiveStatus, number>>;
  /** Rows of the tables beside that of the hives, by table; one that is not there yet has none. */
  readonly records: Readonly<Record<RecordTable, number>>;
  /** The longest silence: the oldest last heartbeat, in ms since the epoch; undefined if no hive ever beat. */
  readonly oldestHeartbeatMs: number | undefined;
};

/** The file of a catalog. */
export type FileInfo = {
  readonly bytes: number;
  /** Changes that stand beside the file until they are folded into it. */
  readonly walBytes: number;
  readonly journalMode: string;
  /** Of the `libsql` package. */
  readonly libsqlVersion: string;
};

type ServerInfo = {
  /** Undefined when the server does not say. */
  readonly synchronous: Synchronous | undefined;
};

const COUNTS = `SELECT count(*), ${HIVE_STATUSES.map((status) => `count(*) FILTER (WHERE status = '${status}')`).join(", ")} FROM hives`;
const OLDEST = "SELECT min(last_heartbeat_ms) FROM hives WHERE typeof(last_heartbeat_ms) = 'integer'";

/** Rejects when the catalog cannot be opened: CATALOG_UNAVAILABLE, CATALOG_NOT_A_CATALOG or another CATALOG_… code. */
export function catalogInfo(location: string, options: ReadOptions = {}): Promise<CatalogInfo> {
  return readingFrom(location, options, async ({ name, path, reader }) => {
    const state = await readMigrationState(reader);
    const { applied, pending } = state;
    const counts = await reader.first(plain(COUNTS));
    const [oldestHeartbeatMs] = (await reader.first(plain(OLDEST))) ?? [];
    const count = (position: number) => countIn(counts, position);
    return {
      location: name,
      file: path === undefined ? undefined : await fileInfo(path, reader),
      server: path === undefined ? { synchronous: await readSynchronous(reader) } : undefined,
      sqliteVersion: await readText(reader, "SELECT hex(sqlite_version())"),
      migrations: { applied: migrationNames(applied), pending: migrationNames(pending) },
      hives: count(0),
      hivesByStatus: { unknown: count(1), online: count(2), offline: count(3) },
      records: await countRecords(reader, state),
      oldestHeartbeatMs: typeof oldestHeartbeatMs === "number" ? oldestHeartbeatMs : undefined,
    };
  });
}

async function countRecords(reader: Reader, state: MigrationState): Promise<CatalogInfo["records"]> {
  const counts = Object.fromEntries(RECORD_TABLES.map((name) => [name, 0])) as Record<RecordTable, number>;
  for (const name of await recordTables(reader, state)) {
    counts[name] = await readNumber(reader, `SELECT count(*) FROM ${name}`);
  }
  return counts;
}

async function fileInfo(path: string, reader: Reader): Promise<FileInfo> {
  return {
    bytes: sizeOf(path),
    walBytes: sizeOf(`${path}-wal`),
    journalMode: await readText(reader, "SELECT hex(journal_mode) FROM pragma_journal_mode"),
    libsqlVersion: libsqlVersion(),
  };
}

/** Said by a bundle, beside which there is no package. */
declare const LIBSQL_VERSION: string | undefined;

/** The package exports nothing but its main file, beside which its package.json stands. */
function libsqlVersion(): string {
  if (typeof LIBSQL_VERSION === "string") return LIBSQL_VERSION;
  const folder = dirname(createRequire(import.meta.url).resolve("libsql"));
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version;
}

async function readText(reader: Reader, sql: string): Promise<string> {
  return fromHex((await reader.first(plain(sql)))?.[0]);
}
