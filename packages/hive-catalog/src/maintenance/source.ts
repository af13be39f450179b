import { plain } from "../drivers/client.ts";
import { codeOf, toCatalogError } from "../drivers/errors.ts";
import { HiveCatalogError } from "../errors.ts";
import { checkOptions, invalidArgument } from "../model/check.ts";
import type { OpenOptions } from "../options.ts";
import { isNew, readOnlyTarget, statOf, unreadable } from "../sql/files.ts";
import { checkBlank, identify, linesFromHex, notACatalog } from "../sql/identity.ts";
import { parseLocation, realPathOf, redacted } from "../sql/location.ts";
import { connectServer } from "../sql/open.ts";
import { countIn } from "../sql/statement.ts";
import { type Reader, SqlThread } from "./sql-thread.ts";

const BUSY_TIMEOUT_MS = 5000;

/** For a catalog on a server. */
export type ReadOptions = Pick<OpenOptions, "authToken" | "requestTimeoutMs">;

/** A catalog that is there, open for reading. `path` is undefined for one on a server. */
type Source = { readonly name: string; readonly path: string | undefined; readonly reader: Reader };

/** Opens an existing catalog, reads with it, and closes it. Throws a HiveCatalogError. */
export async function readingFrom<Result>(
  location: string,
  options: ReadOptions,
  read: (source: Source) => Promise<Result>,
): Promise<Result> {
  try {
    checkOptions(options, ["authToken", "requestTimeoutMs"]);
    const parsed = parseLocation(location);
    if (parsed.kind === "memory") throw noMemory("location");
    if (parsed.kind === "file") {
      const path = realPathOf(parsed.path);
      return await readingFile(path, (reader) => read({ name: path, path, reader }));
    }
    const name = redacted(parsed.url);
    const reader = await connectServer(parsed.url, options);
    try {
      await identifyCatalog(reader, name);
      return await read({ name, path: undefined, reader });
    } finally {
      reader.close();
    }
  } catch (error) {
    throw toCatalogError(error);
  }
}

const NO_CATALOG = (path: string): string =>
  `there is no catalog ${path}; check the path: a queen makes one when she starts, and so does pnpm db:migrate`;

/**
 * Opens the catalog file at `path` so that nothing can change it, reads with it, and ends its thread. The file is never opened but by
 * SQLite: to close any other descriptor of it would drop the locks that this process may hold on it. `missing` says what to do where there is none.
 */
export async function readingFile<Result>(
  path: string,
  read: (thread: SqlThread) => Promise<Result>,
  missing = NO_CATALOG,
): Promise<Result> {
  try {
    if (isNew(path) && statOf(path) === undefined) {
      throw new HiveCatalogError("CATALOG_UNAVAILABLE", missing(path));
    }
    const thread = new SqlThread({ target: readOnlyTarget(path), busyTimeoutMs: BUSY_TIMEOUT_MS });
    try {
      await identifyCatalog(thread, path, { isFile: true }).catch((error) => {
        throw unreadable(path, error);
      });
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

async function identifyCatalog(reader: Reader, name: string, { isFile = false } = {}): Promise<void> {
  try {
    if ((await identify(reader, name)) === "catalog") return;
    if (isFile) await checkBlank(reader, name);
    throw notACatalog(name, "it has no hives table");
  } catch (error) {
    if (codeOf(error) !== "SQLITE_NOTADB") throw error;
    throw notACatalog(name, "it is not an SQLite file, or its beginning is destroyed");
  }
}

function noMemory(field: string): HiveCatalogError {
  return invalidArgument(field, "must be a file or a server: a catalog in memory belongs to one process alone");
}

/** The one number that a query answers. */
export async function readNumber(reader: Reader, sql: string): Promise<number> {
  return countIn(await reader.first(plain(sql)));
}

/** What SQLite finds wrong with a file, a line each (some 100 at most); none if it is sound. Reads the whole file. */
export async function sqliteProblems(reader: Reader, check: "quick_check" | "integrity_check"): Promise<string[]> {
  const query = `SELECT hex(${check}) FROM pragma_${check}`;
  try {
    return await problemLines(reader, query);
  } catch (error) {
    const unreadable = problemOf(error);
    // A page that it cannot read ends the check, and with that error no row arrives. The first one has what was found in the pages.
    const found = await orProblem(() => problemLines(reader, `${query} LIMIT 1`));
    return [...new Set([...found, unreadable])];
  }
}

async function problemLines(reader: Reader, query: string): Promise<string[]> {
  const lines = (await reader.execute(plain(query))).rows.flatMap((row) => linesFromHex(row[0]).split("\n"));
  return lines.filter((line) => line !== "ok" && line !== "" && !line.startsWith("***"));
}

/** Damage that SQLite meets while it reads is a finding, not a failure. */
export async function orProblem(read: () => Promise<string[]>): Promise<string[]> {
  try {
    return await read();
  } catch (error) {
    return [problemOf(error)];
  }
}

function problemOf(error: unknown): string {
  const { code, message } = toCatalogError(error);
  if (code !== "CATALOG_CORRUPT") throw error;
  return `not all of it can be read: ${message}`;
}
