import { lstatSync, readlinkSync, realpathSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { HiveCatalogError } from "./errors.ts";

/** Where a catalog is: in memory, in a file, or on a libSQL server. */
export type Location =
  | { readonly kind: "memory" }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "server"; readonly url: string };

const SERVER_SCHEMES = ["libsql:", "http:", "https:", "ws:", "wss:"];

/**
 * Reads a location: `:memory:`, a URL (`file:`, `libsql:`, `http:`, `https:`, `ws:`, `wss:`), or else a path. Relative paths,
 * `file:./data/hives.db` too, start at the working folder. Throws INVALID_ARGUMENT.
 */
export function parseLocation(location: string): Location {
  if (typeof location !== "string" || location === "" || location.includes("\0")) {
    throw invalid(location, "must be a path, ':memory:' or a URL");
  }
  if (location === ":memory:") return { kind: "memory" };
  const scheme = /^([a-z][a-z0-9+.-]+:)/i.exec(location)?.[1]?.toLowerCase();
  if (scheme === undefined) return { kind: "file", path: resolve(location) };
  if (scheme === "file:") return { kind: "file", path: filePath(location) };
  if (!SERVER_SCHEMES.includes(scheme) || !URL.canParse(location)) {
    throw invalid(redacted(location), `must be a path or a URL that begins with file:, ${SERVER_SCHEMES.join(", ")}`);
  }
  return { kind: "server", url: location };
}

/** The file that SQLite opens for a path, which may lead there through symbolic links: its -wal stands beside that file. */
export function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    // A link to a file that is not there: SQLite follows it too.
    if (!isMissing || !lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) return path;
    return realPathOf(resolve(realpathSync(dirname(path)), readlinkSync(path)));
  }
}

/** The same location as drizzle-kit and @libsql/client want it: always a URL. */
export function databaseUrl(location: string): string {
  const parsed = parseLocation(location);
  if (parsed.kind === "memory") return ":memory:";
  return parsed.kind === "file" ? pathToFileURL(parsed.path).href : parsed.url;
}

/** A location as it may be shown: a password or token inside a URL is left out. */
export function redacted(location: string): string {
  if (!/^[a-z][a-z0-9+.-]+:\/\//i.test(location)) return location;
  if (!URL.canParse(location)) return location.replace(/[?#].*/s, "").replace(/\/\/.*@/s, "//");
  const url = new URL(location);
  url.username = "";
  url.password = "";
  url.search = "";
  url.hash = "";
  return url.href;
}

function filePath(location: string): string {
  if (/[?#]/.test(location)) throw invalid(location, "must be a file: URL without '?' and '#' parts");
  try {
    if (/^file:\/\//i.test(location)) return fileURLToPath(location);
    return resolve(decodeURIComponent(location.slice("file:".length)));
  } catch (cause) {
    throw invalid(location, "must be a file: URL of this machine", cause);
  }
}

function invalid(location: unknown, rule: string, cause?: unknown): HiveCatalogError {
  const message = `the location of the catalog ${rule}, got ${JSON.stringify(location)}`;
  return new HiveCatalogError("INVALID_ARGUMENT", message, { problems: [{ field: "location", message: rule }], cause });
}
