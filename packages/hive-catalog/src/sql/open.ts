import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import type { MigrationMeta } from "drizzle-orm/migrator";
import { plain, type SqlClient } from "../drivers/client.ts";
import { codeOf, isBusy, toCatalogError } from "../drivers/errors.ts";
import { FileClient } from "../drivers/file/client.ts";
import { HiveCatalogError } from "../errors.ts";
import type { OpenOptions } from "../options.ts";
import {
  isNew,
  makeFile,
  missingRight,
  modeWarnings,
  mountWarnings,
  readOnlyTarget,
  unreadable,
  writableTarget,
} from "./files.ts";
import { checkBlank, checkRoom, type Identity, identify, newColumns, notACatalog } from "./identity.ts";
import { parseLocation, realPathOf, redacted } from "./location.ts";
import { migrate, migrationNames, pendingMigrations } from "./migrations.ts";

type ServerOptions = Pick<OpenOptions, "authToken" | "requestTimeoutMs">;
/** What a database needs of the options of its catalog, once they have their defaults. */
type DatabaseOptions = ServerOptions & { migrate: boolean; busyTimeoutMs: number };

/** An open catalog database: a file, memory or a server, all behind one interface. */
export type Database = {
  readonly client: SqlClient;
  /** Where it is, as it may be shown. */
  readonly name: string;
  /** Whether this opening made it. */
  readonly isNew: boolean;
  /** The names of the migrations that this opening applied. */
  readonly migrations?: readonly string[];
  /** How long a call may take, in ms; only over a network. */
  readonly callTimeoutMs?: number;
  /** What is odd about the file, a sentence each. */
  readonly warnings?: readonly string[];
};

const DEFAULT_REQUEST_TIMEOUT_MS = 10_000;

/** Opens a catalog, makes it when there is none, and refuses what is none. Throws a HiveCatalogError. */
export async function openDatabase(location: string, options: DatabaseOptions): Promise<Database> {
  const parsed = parseLocation(location);
  try {
    if (parsed.kind === "server") return await openServer(parsed.url, options);
    if (parsed.kind === "memory") return await openMemory(options);
    return await openFile(parsed.path, options);
  } catch (error) {
    throw toCatalogError(error);
  }
}

async function openMemory({ busyTimeoutMs }: DatabaseOptions): Promise<Database> {
  const client = new FileClient({ target: ":memory:", path: undefined, busyTimeoutMs });
  await migrate(client);
  return { client, name: ":memory:", isNew: true };
}

async function openServer(url: string, options: DatabaseOptions): Promise<Database> {
  const { requestTimeoutMs = DEFAULT_REQUEST_TIMEOUT_MS } = options;
  const database = await prepared(await connectServer(url, options), redacted(url), options);
  return { ...database, callTimeoutMs: requestTimeoutMs };
}

/** Loaded only for a server: where a service is not bundled, it would add half to the time that this package takes to load. */
export async function connectServer(
  url: string,
  { authToken, requestTimeoutMs = DEFAULT_REQUEST_TIMEOUT_MS }: ServerOptions,
): Promise<SqlClient> {
  const { ServerClient } = await import("../drivers/server/client.ts");
  return new ServerClient({ url, name: redacted(url), authToken, requestTimeoutMs });
}

async function openFile(name: string, options: DatabaseOptions): Promise<Database> {
  const path = realPathOf(name);
  let isCurrent = false;
  if (isNew(path)) {
    if (!options.migrate) throw notMigrated(path);
    makeFile(path);
  } else {
    const { identity, pending } = await inspectFile(path, options);
    if (!options.migrate && pending.length > 0) throw notMigrated(path);
    const missing = missingRight(path);
    if (missing !== undefined) {
      if (newColumns(pending).length > 0) throw notMigrated(path, `migrate a copy of it: ${missing}`);
      return openReadOnly({ name, path, missing, identity, pending }, options);
    }
    isCurrent = pending.length === 0;
  }
  const client = await connectFile(name, path, options.busyTimeoutMs);
  return await closedOnFailure(client, async () => {
    await client.useWal().catch((error) => {
      throw unreadable(path, error);
    });
    const opened = isCurrent ? { client, name: path, isNew: false } : await prepared(client, path, options);
    return { ...opened, warnings: [...mountWarnings(path), ...modeWarnings(path)] };
  });
}

/** Brings the schema up to date, or says that it is not. */
function prepared(client: SqlClient, name: string, options: DatabaseOptions): Promise<Database> {
  return closedOnFailure(client, async () => {
    const { identity, pending } = await inspect(client, name);
    if (pending.length > 0 && !options.migrate) throw notMigrated(name);
    if (pending.length === 0) return { client, name, isNew: false };
    await migrate(client);
    return { client, name, isNew: identity === "empty", migrations: migrationNames(pending) };
  });
}

type ReadOnlyFile = Inspected & { name: string; path: string; missing: string };

function openReadOnly(
  { name, path, missing, identity, pending }: ReadOnlyFile,
  { busyTimeoutMs }: DatabaseOptions,
): Database {
  const readOnly = `the catalog can be read and not changed: ${missing}`;
  if (identity === "empty") {
    throw new HiveCatalogError("CATALOG_READ_ONLY", `${path} is empty, and no catalog can be made there: ${missing}`);
  }
  const client = new FileClient({ target: readOnlyTarget(path), path: name, busyTimeoutMs, readOnly });
  return { client, name: path, isNew: false, warnings: [readOnly, ...lackWarnings(pending), ...mountWarnings(path)] };
}

/** Its hives can be read all the same. */
function lackWarnings(pending: readonly MigrationMeta[]): string[] {
  if (pending.length === 0) return [];
  const names = migrationNames(pending).join(", ");
  return [`what these migrations add cannot be read, as the catalog lacks them: ${names}; migrate a copy of it`];
}

type Inspected = { identity: Identity; pending: MigrationMeta[] };

/** What a database is, without a change to it. Throws for what is no catalog, and has no room for one. */
async function inspect(client: SqlClient, location: string): Promise<Inspected> {
  const identity = await identify(client, location);
  const pending = await pendingMigrations(client);
  await checkRoom(client, location, pending);
  return { identity, pending };
}

/** What the file is; a change that another program left half done in it is undone first, for nobody can read it before. */
async function inspectFile(path: string, options: DatabaseOptions): Promise<Inspected> {
  try {
    return await look(path, options);
  } catch (error) {
    if (codeOf(error) !== "SQLITE_READONLY_ROLLBACK") throw error;
  }
  const client = await connectFile(path, path, options.busyTimeoutMs);
  await client.execute(plain("PRAGMA schema_version")).finally(() => client.close());
  return await look(path, options);
}

/** Looks at an existing file through a connection that cannot change it: a file that is not ours stays as it is. */
async function look(path: string, { busyTimeoutMs }: DatabaseOptions): Promise<Inspected> {
  const readOnly = "the file is only looked at";
  const client = new FileClient({ target: readOnlyTarget(path), path, busyTimeoutMs, readOnly });
  try {
    const inspected = await inspect(client, path);
    if (inspected.identity === "empty") await checkBlank(client, path);
    return inspected;
  } catch (error) {
    // SQLite is asked, and not the first bytes of the file: closing a file that was opened by hand drops the locks that this process holds on it.
    throw codeOf(error) === "SQLITE_NOTADB" ? notACatalog(path, "it is not an SQLite file") : unreadable(path, error);
  } finally {
    client.close();
  }
}

/** Even the first PRAGMA of a connection meets the lock that another opener holds while it turns a fresh file to WAL. */
async function connectFile(name: string, path: string, busyTimeoutMs: number): Promise<FileClient> {
  const startedMs = performance.now();
  for (;;) {
    try {
      return new FileClient({ target: writableTarget(path), path: name, busyTimeoutMs });
    } catch (error) {
      if (!isBusy(error) || performance.now() - startedMs >= busyTimeoutMs) throw error;
    }
    await delay(5);
  }
}

async function closedOnFailure<Result>(client: SqlClient, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    client.close();
    throw error;
  }
}

const MIGRATING = "run pnpm db:migrate, or open it with migrate: true (of a queen, --migrate true)";

function notMigrated(location: string, cure = MIGRATING): HiveCatalogError {
  const problem = `the catalog ${location} lacks migrations that this version needs`;
  return new HiveCatalogError("CATALOG_NOT_MIGRATED", `${problem}; ${cure}`);
}
