import { accessSync, constants, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { toCatalogError } from "../drivers/errors.ts";
import { HiveCatalogError } from "../errors.ts";
import { checkOptions, invalidArgument } from "../model/check.ts";
import { identify, notACatalog } from "../sql/identity.ts";
import { parseLocation, realPathOf, redacted } from "../sql/location.ts";
import { type Reader, SqlThread } from "./sql-thread.ts";

export const BUSY_TIMEOUT_MS = 5000;
const REQUEST_TIMEOUT_MS = 10_000;

export type ReadOptions = {
  /** Token for a libSQL server; never shown. */
  authToken?: string | undefined;
  /** How long a request to a libSQL server may take, in ms: default 10,000. */
  requestTimeoutMs?: number | undefined;
};

/** A catalog that is there, open for reading. `path` is undefined for one on a server. */
export type Source = { readonly name: string; readonly path: string | undefined; readonly reader: Reader };

/** Opens an existing catalog, reads with it, and closes it. Throws a HiveCatalogError. */
export async function readingFrom<Result>(
  location: string,
  options: ReadOptions,
  read: (source: Source) => Promise<Result>,
): Promise<Result> {
  checkOptions(options);
  const { authToken, requestTimeoutMs = REQUEST_TIMEOUT_MS } = options;
  const parsed = parseLocation(location);
  if (parsed.kind === "memory") throw noMemory("location");
  if (parsed.kind === "file") {
    const path = realPathOf(parsed.path);
    return await readingFile(path, (reader) => read({ name: path, path, reader }));
  }
  // Loaded only for a server: it brings half of what @libsql/client is.
  const { openRemoteClient } = await import("../drivers/server/client.ts");
  try {
    const reader = openRemoteClient({ url: parsed.url, authToken, requestTimeoutMs });
    try {
      const name = redacted(parsed.url);
      await identifyCatalog(reader, name);
      return await read({ name, path: undefined, reader });
    } finally {
      reader.close();
    }
  } catch (error) {
    throw toCatalogError(error);
  }
}

/**
 * Opens the catalog file at `path` so that nothing can change it, reads with it, and ends its thread. The file is never opened but by
 * SQLite: to close any other descriptor of it would drop the locks that this process may hold on it.
 */
export async function readingFile<Result>(path: string, read: (thread: SqlThread) => Promise<Result>): Promise<Result> {
  try {
    const thread = new SqlThread({ target: readOnlyTarget(path), busyTimeoutMs: BUSY_TIMEOUT_MS });
    try {
      await identifyCatalog(thread, path);
      return await read(thread);
    } finally {
      await thread.end();
    }
  } catch (error) {
    throw toCatalogError(error);
  }
}

/** The file of a location that must be one; through a symbolic link, the one that it leads to. Throws INVALID_ARGUMENT, with what to do for a server. */
export function filePathOf(field: string, location: string, insteadOfServer: string): string {
  const parsed = parseLocation(location);
  if (parsed.kind === "file") return realPathOf(parsed.path);
  if (parsed.kind === "memory") throw noMemory(field);
  throw invalidArgument(field, `must be a file, not a server; ${insteadOfServer}`);
}

export function statOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

async function identifyCatalog(reader: Reader, name: string): Promise<void> {
  try {
    if ((await identify(reader, name)) === "empty") throw notACatalog(name, "it has no hives table");
  } catch (error) {
    const isNoDatabase = error instanceof Error && "code" in error && error.code === "SQLITE_NOTADB";
    throw isNoDatabase ? notACatalog(name, "it is not an SQLite file, or its beginning is destroyed") : error;
  }
}

/** On a read-only medium SQLite reads a file only as immutable, and only if no -wal beside it holds newer pages. */
function readOnlyTarget(path: string): string {
  const file = statOf(path);
  const hasWal = (statOf(`${path}-wal`)?.size ?? 0) > 0;
  if (file === undefined && hasWal) {
    const problem = `there is ${path}-wal, which holds changes, but not the file that it belongs to`;
    throw new HiveCatalogError("CATALOG_CORRUPT", `${problem}; put the file back beside it, or restore a backup`);
  }
  if (file === undefined)
    throw new HiveCatalogError("CATALOG_UNAVAILABLE", `there is no catalog ${path}; check the path`);
  if (!file.isFile()) throw notACatalog(path, file.isDirectory() ? "it is a folder" : "it is not a regular file");
  return `${pathToFileURL(path).href}?${hasWal || isWritable(path) ? "mode=ro" : "immutable=1"}`;
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

function noMemory(field: string): HiveCatalogError {
  return invalidArgument(field, "must be a file or a server: a catalog in memory belongs to one process alone");
}
