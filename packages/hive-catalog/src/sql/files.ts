import { accessSync, constants, existsSync, mkdirSync, readFileSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { codeOf } from "../drivers/errors.ts";
import { HiveCatalogError } from "../errors.ts";
import { notACatalog } from "./identity.ts";

/*
 * Catalog files as the file system shows them, before SQLite touches them. None is opened here that SQLite may have open: to close any
 * descriptor of it would drop the locks that this process holds on it.
 */

/** SQLite's smallest page; it takes a shorter file for an empty database, and would overwrite it. */
export const MIN_SQLITE_BYTES = 512;
const SQLITE_MAGIC = "SQLite format 3\0";

/** Undefined when nothing is there. Node 24 would say so, asked with `throwIfNoEntry`, when a part of the path is no folder, too. */
export function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

export function sizeOf(path: string): number {
  return statOf(path)?.size ?? 0;
}

export function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    accessSync(dirname(path), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** What SQLite opens to read an existing file and never to write it. From a read-only medium it reads only as immutable, and only if no -wal holds newer pages. */
export function readOnlyTarget(path: string): string {
  const mode = sizeOf(`${path}-wal`) > 0 || isWritable(path) ? "mode=ro" : "immutable=1";
  return `${pathToFileURL(path).href}?${mode}`;
}

/** Whether a catalog is to be made at `path`. Throws for what no catalog can be, before SQLite touches it. */
export function isNew(path: string): boolean {
  const file = statOf(path);
  if (file?.isDirectory()) throw notACatalog(path, "it is a folder");
  if (file && !file.isFile()) throw notACatalog(path, "it is not a regular file");
  if (file && file.size >= MIN_SQLITE_BYTES) return false;
  if (file && file.size > 0) throw tooShort(path);
  if (sizeOf(`${path}-wal`) > 0) {
    // Another opener may have made both since.
    if (sizeOf(path) >= MIN_SQLITE_BYTES) return false;
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
export function makeFolder(folder: string): void {
  let nearest = folder;
  while (!existsSync(nearest) && nearest !== dirname(nearest)) nearest = dirname(nearest);
  accessSync(nearest, constants.W_OK);
  mkdirSync(folder, { recursive: true });
}
