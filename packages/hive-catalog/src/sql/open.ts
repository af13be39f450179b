import { accessSync, constants, existsSync, mkdirSync, readFileSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import type { Client } from "@libsql/client";
import { LibSQLDatabase } from "drizzle-orm/libsql/driver-core";
import { LibSQLSession } from "drizzle-orm/libsql/session";
import type { MigrationMeta } from "drizzle-orm/migrator";
import { SQLiteAsyncDialect } from "drizzle-orm/sqlite-core";
import { toCatalogError } from "../drivers/errors.ts";
import { codeOf, EmbeddedClient, isBusy } from "../drivers/file/client.ts";
import { type Retry, retryWithin, withoutRetry } from "../drivers/server/retry.ts";
import { HiveCatalogError } from "../errors.ts";
import { checkRoom, type Identity, identify, notACatalog } from "./identity.ts";
import { parseLocation, realPathOf, redacted } from "./location.ts";
import { knownMigrations, migrate, pendingMigrations } from "./migrations.ts";

export type DatabaseOptions = {
  /** For a server. */
  authToken?: string | undefined;
  /** Whether to apply pending migrations. */
  migrate: boolean;
  /** How long a write waits for another process that holds the lock, in ms. */
  busyTimeoutMs: number;
  /** How long a call to a server may take, in ms: default 10,000. */
  requestTimeoutMs?: number | undefined;
};

/** An open catalog database: a file, memory or a server, all behind one interface. */
export type Database = {
  readonly client: Client;
  readonly db: LibSQLDatabase;
  /** For changes whose answer may be lost. */
  readonly retry: Retry;
  /** Whether answers can be lost: there is a network between this process and the database. */
  readonly isRemote: boolean;
  /** How long a call may take, in ms; only over a network. */
  readonly callTimeoutMs: number | undefined;
};

const DEFAULT_REQUEST_TIMEOUT_MS = 10_000;
/** SQLite's smallest page; it takes a shorter file for an empty database, and would overwrite it. */
const MIN_SQLITE_BYTES = 512;
const SQLITE_MAGIC = "SQLite format 3\0";

/** Opens a catalog, makes it when there is none, and refuses what is none. Throws a HiveCatalogError. */
export async function openDatabase(location: string, options: DatabaseOptions): Promise<Database> {
  const parsed = parseLocation(location);
  try {
    if (parsed.kind === "server") return await openServer(parsed.url, options);
    if (parsed.kind === "memory") return await openMemory(options);
    return await openFile(realPathOf(parsed.path), options);
  } catch (error) {
    throw toCatalogError(error);
  }
}

/**
 * The migrations that a catalog lacks, read without changing it: every one where there is no catalog yet.
 * Throws a HiveCatalogError for what `openDatabase` would refuse.
 */
export async function inspectDatabase(
  location: string,
  options: Omit<DatabaseOptions, "migrate">,
): Promise<MigrationMeta[]> {
  const parsed = parseLocation(location);
  try {
    if (parsed.kind === "memory") return knownMigrations();
    if (parsed.kind === "server") return await inspectServer(parsed.url, options);
    const path = realPathOf(parsed.path);
    return isNew(path) ? knownMigrations() : (await inspectFile(path, options)).pending;
  } catch (error) {
    throw toCatalogError(error);
  }
}

async function openMemory({ busyTimeoutMs }: DatabaseOptions): Promise<Database> {
  const client = new EmbeddedClient({ target: ":memory:", path: undefined, busyTimeoutMs });
  await migrate(client);
  return drizzle(client);
}

async function openServer(url: string, options: DatabaseOptions): Promise<Database> {
  const database = await prepared(await connect(url, options), redacted(url), options);
  const callTimeoutMs = options.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS;
  return { ...database, retry: retryWithin(callTimeoutMs), isRemote: true, callTimeoutMs };
}

/** Loaded only for a server: it brings half of what @libsql/client is. */
async function connect(
  url: string,
  { authToken, requestTimeoutMs = DEFAULT_REQUEST_TIMEOUT_MS }: Pick<DatabaseOptions, "authToken" | "requestTimeoutMs">,
): Promise<Client> {
  const { openRemoteClient } = await import("../drivers/server/client.ts");
  return openRemoteClient({ url, authToken, requestTimeoutMs });
}

async function inspectServer(
  url: string,
  options: Pick<DatabaseOptions, "authToken" | "requestTimeoutMs">,
): Promise<MigrationMeta[]> {
  const client = await connect(url, options);
  try {
    await identify(client, redacted(url));
    const pending = await pendingMigrations(client);
    await checkRoom(client, redacted(url), pending);
    return pending;
  } finally {
    client.close();
  }
}

async function openFile(path: string, options: DatabaseOptions): Promise<Database> {
  const { busyTimeoutMs } = options;
  let isCurrent = false;
  if (isNew(path)) {
    if (!options.migrate) throw notMigrated(path);
    makeFolder(dirname(path));
  } else {
    const { identity, pending } = await inspectFile(path, options);
    if (!options.migrate && pending.length > 0) throw notMigrated(path);
    if (!isWritable(path)) return openReadOnly(path, identity, options);
    isCurrent = pending.length === 0;
  }
  const connect = async () => new EmbeddedClient({ target: path, path, busyTimeoutMs });
  // Even a PRAGMA meets the lock that another opener holds while it turns a fresh file to WAL.
  const client = await retryWhileBusy(busyTimeoutMs, connect);
  return await closedOnFailure(client, async () => {
    await retryWhileBusy(busyTimeoutMs, () => client.execute("PRAGMA journal_mode = WAL"));
    return isCurrent ? drizzle(client) : await prepared(client, path, options);
  });
}

/** Brings the schema up to date, or says that it is not. */
function prepared(client: Client, location: string, options: DatabaseOptions): Promise<Database> {
  return closedOnFailure(client, async () => {
    await identify(client, location);
    const pending = await pendingMigrations(client);
    await checkRoom(client, location, pending);
    if (pending.length > 0 && !options.migrate) throw notMigrated(location);
    if (pending.length > 0) await migrate(client);
    return drizzle(client);
  });
}

/** A file on a read-only medium: SQLite reads it only as immutable, and only if no -wal beside it holds newer pages. */
function openReadOnly(path: string, identity: Identity, { busyTimeoutMs }: DatabaseOptions): Database {
  if (identity === "empty") {
    throw new HiveCatalogError(
      "CATALOG_READ_ONLY",
      `${path} is an empty database, and cannot be made a catalog: it is read-only`,
    );
  }
  const target = sizeOf(`${path}-wal`) > 0 ? path : `${pathToFileURL(path).href}?immutable=1`;
  return drizzle(new EmbeddedClient({ target, path, busyTimeoutMs, readOnly: true }));
}

/** Whether a catalog is to be made at `path`. Throws for what no catalog can be, before SQLite touches it. */
function isNew(path: string): boolean {
  const file = stat(path);
  if (file?.isDirectory()) throw notACatalog(path, "it is a folder");
  if (file && !file.isFile()) throw notACatalog(path, "it is not a regular file");
  if (file && file.size >= MIN_SQLITE_BYTES) return false;
  if (file && file.size > 0) throw tooShort(path);
  if (sizeOf(`${path}-wal`) > 0) {
    const problem = `there is ${path}-wal, which holds changes, but not the file that it belongs to`;
    throw new HiveCatalogError("CATALOG_CORRUPT", `${problem}; put the file back beside it, or restore a backup`);
  }
  return true;
}

function tooShort(path: string): HiveCatalogError {
  // Reading by hand is safe only here: nobody holds locks on such a file, which closing it would drop.
  const isCut = SQLITE_MAGIC.startsWith(readFileSync(path, "latin1").slice(0, SQLITE_MAGIC.length));
  if (!isCut) return notACatalog(path, "it is not an SQLite file");
  return new HiveCatalogError("CATALOG_CORRUPT", `${path} is only the beginning of a catalog; restore a backup`);
}

/**
 * Throws the system's own reason why no file can be made there: SQLite only says that it cannot open the file, and Node says ENOENT
 * for a folder on a read-only file system.
 */
function makeFolder(folder: string): void {
  let nearest = folder;
  while (!existsSync(nearest) && nearest !== dirname(nearest)) nearest = dirname(nearest);
  accessSync(nearest, constants.W_OK);
  mkdirSync(folder, { recursive: true });
}

/** Looks at an existing file through a connection that cannot change it: a file that is not ours stays as it is. */
async function inspectFile(
  path: string,
  { busyTimeoutMs }: Pick<DatabaseOptions, "busyTimeoutMs">,
): Promise<{ identity: Identity; pending: MigrationMeta[] }> {
  const wal = sizeOf(`${path}-wal`) > 0;
  const mode = wal || isWritable(path) ? "mode=ro" : "immutable=1";
  const target = `${pathToFileURL(path).href}?${mode}`;
  const client = new EmbeddedClient({ target, path, busyTimeoutMs, readOnly: true });
  try {
    return await retryWhileBusy(busyTimeoutMs, async () => {
      const identity = await identify(client, path);
      const pending = await pendingMigrations(client);
      await checkRoom(client, path, pending);
      return { identity, pending };
    });
  } catch (error) {
    // SQLite is asked, and not the first bytes of the file: closing a file that was opened by hand drops the locks that this process holds on it.
    throw codeOf(error) === "SQLITE_NOTADB" ? notACatalog(path, "it is not an SQLite file") : error;
  } finally {
    client.close();
  }
}

async function retryWhileBusy<Result>(timeoutMs: number, work: () => Promise<Result>): Promise<Result> {
  const startedMs = performance.now();
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isBusy(error) || performance.now() - startedMs >= timeoutMs) throw error;
    }
    await delay(5);
  }
}

async function closedOnFailure<Result>(client: Client, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    client.close();
    throw error;
  }
}

/** What `drizzle({ client })` does; importing that one would load the whole stock client, which doubles the start time. */
function drizzle(client: Client): Database {
  const dialect = new SQLiteAsyncDialect();
  const session = new LibSQLSession<Record<string, never>, Record<string, never>>(
    client,
    dialect,
    undefined,
    {},
    undefined,
  );
  const db = new LibSQLDatabase("async", dialect, session, undefined);
  return { client, db, retry: withoutRetry, isRemote: false, callTimeoutMs: undefined };
}

function notMigrated(location: string): HiveCatalogError {
  const problem = `the catalog ${location} lacks migrations that this version needs`;
  return new HiveCatalogError(
    "CATALOG_UNAVAILABLE",
    `${problem}; run pnpm db:migrate, or open it with migrate: true (of a queen, --migrate true)`,
  );
}

function stat(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

function sizeOf(path: string): number {
  return stat(path)?.size ?? 0;
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    accessSync(dirname(path), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
