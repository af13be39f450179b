import { lstatSync, readlinkSync, realpathSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { codeOf } from "../drivers/errors.ts";
import { HiveCatalogError } from "../errors.ts";
import { isKey, shown } from "../model/check.ts";

/** Where a catalog is: in memory, in a file, or on a libSQL server. */
export type Location =
  | { readonly kind: "memory" }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "server"; readonly url: string };

const SERVER_SCHEMES = ["libsql:", "http:", "https:", "ws:", "wss:"];

const SCHEME = /^([a-z][a-z0-9+.-]+:)/i;
/** Also with white space before it, and without its scheme. */
const LOOKS_LIKE_URL = /^\s*[a-z][a-z0-9+.-]+:|:\/\/|[?&#]auth_?token=/i;
/** What a shell takes away or replaces. Files of services and containers hand it on as it is: it would become part of a name. */
const FOR_A_SHELL: readonly (readonly [RegExp, string])[] = [
  [
    /^(?:file:)?["'`\u2018-\u201f\xab\xbb]|["'`\u2018-\u201f\xab\xbb]$/i,
    "must not stand in quotes: nothing takes them away here, as a shell would",
  ],
  [
    /^(?:file:\/*)?(?:~(?:[\w.-]*\/|$)|\$\{?\w)/i,
    "must not begin with '~' or a variable: nothing replaces them here, as a shell would; write the whole path",
  ],
  [/\$\{\w|\$\(/, "must not have a variable or a command in it: nothing replaces them here, as a shell would"],
];
const KNOWN_KINDS = `must be a path or a URL that begins with file:, ${SERVER_SCHEMES.join(", ")}`;

/**
 * Reads a location: `:memory:`, a URL (`file:`, `libsql:`, `http:`, `https:`, `ws:`, `wss:`), or else a path. Relative paths,
 * `file:./data/hives.db` too, start at the working folder. Throws INVALID_ARGUMENT.
 */
export function parseLocation(location: string): Location {
  if (!isKey(location) || location === "") {
    throw invalid(location, "must be a path, ':memory:' or a URL");
  }
  if (location.trim() !== location) throw invalid(location, "must not begin or end with white space");
  for (const [pattern, rule] of FOR_A_SHELL) if (pattern.test(location)) throw invalid(location, rule);
  if (location === ":memory:" || location === "file::memory:") return { kind: "memory" };
  if (/^(?:file:)?:memory:/i.test(location))
    throw invalid(location, "must be ':memory:' and nothing more, where it is in memory");
  const scheme = SCHEME.exec(location)?.[1]?.toLowerCase();
  if (scheme === "file:") return { kind: "file", path: filePath(location) };
  if (scheme === undefined && !LOOKS_LIKE_URL.test(location)) return { kind: "file", path: wholePath(location) };
  if (scheme === undefined || !SERVER_SCHEMES.includes(scheme)) throw invalid(location, KNOWN_KINDS);
  const rest = location.slice(scheme.length);
  if (!/^\/\/[^/?#\\]/.test(rest) || !URL.canParse(location)) {
    const host =
      redacted(location)
        .slice(scheme.length)
        .replace(/^[/\\]+/, "") || "host";
    throw invalid(location, `must be a path or a URL with two slashes and a host, such as ${scheme}//${host}`);
  }
  return { kind: "server", url: location };
}

/** The file that SQLite opens for a path, which may lead there through symbolic links: its -wal stands beside that file. */
export function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    // A link to a file that is not there: SQLite follows it too.
    if (codeOf(error) !== "ENOENT" || !lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) return path;
    return realPathOf(resolve(realpathSync(dirname(path)), readlinkSync(path)));
  }
}

/** The same location as drizzle-kit and @libsql/client want it: always a URL. */
export function databaseUrl(location: string): string {
  const parsed = parseLocation(location);
  if (parsed.kind === "memory") return ":memory:";
  return parsed.kind === "file" ? pathToFileURL(parsed.path).href : parsed.url;
}

/** A location as it may be shown: a password or token inside a URL is left out, however odd its spelling is. */
export function redacted(location: string): string {
  if (!LOOKS_LIKE_URL.test(location)) return location;
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(location) && URL.canParse(location)) {
    const url = new URL(location);
    url.username = "";
    url.password = "";
    url.search = "";
    url.hash = "";
    return url.href;
  }
  const shown = location.replace(/[?#].*/s, "");
  const isPath = /^\s*file:(?!\/\/)/i.test(location);
  if (isPath || !location.includes("@")) return shown;
  // A password may hold any of the characters that end one: what cannot be told from it is left out too.
  const [, scheme = "", rest = ""] = /^([^:]*:[/\\]*)?(.*)$/s.exec(shown) ?? [];
  return scheme + (rest.includes("@") ? rest.slice(rest.lastIndexOf("@") + 1) : "…");
}

function filePath(location: string): string {
  if (/[?#]/.test(location)) throw invalid(location, "must be a file: URL without '?' and '#' parts");
  const path = decodedPath(location);
  if (path.includes("\0")) throw invalid(location, "must be a file: URL without NUL");
  return path;
}

function decodedPath(location: string): string {
  try {
    if (/^file:\/\//i.test(location)) return fileURLToPath(location);
    return wholePath(location, decodeURIComponent(location.slice("file:".length)));
  } catch (error) {
    if (error instanceof HiveCatalogError) throw error;
    // The error of a URL holds that URL.
    throw invalid(location, "must be a file: URL of this machine");
  }
}

function wholePath(location: string, path = location): string {
  try {
    return resolve(path);
  } catch {
    // As after another version was put in the place of the folder that a shell stands in.
    throw invalid(location, "must be a whole path here, because the working folder is not there any more");
  }
}

function invalid(location: unknown, rule: string): HiveCatalogError {
  const got = typeof location === "string" ? JSON.stringify(redacted(location)) : shown(location);
  const message = `the location of the catalog ${rule}, got ${got}`;
  return new HiveCatalogError("INVALID_ARGUMENT", message, { problems: [{ field: "location", message: rule }] });
}
