import { randomBytes } from "node:crypto";
import { link, readdir, rename, rm, unlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { codeOf } from "../drivers/errors.ts";
import { HiveCatalogError } from "../errors.ts";
import { invalidArgument } from "../model/check.ts";
import { MIN_SQLITE_BYTES, sizeOf, statOf } from "../sql/files.ts";
import { notACatalog } from "../sql/identity.ts";
import { lockCatalog, nameSynced, replace, synced } from "./replacement.ts";

/** A copy that is being written is not left alone for so long. */
const STALE_MS = 60 * 60_000;

type NewFile = {
  path: string;
  /** The argument that `path` came from, for messages. */
  field: string;
  /** Whether a catalog at `path` may be replaced. */
  force: boolean;
  /** Permissions of the new file; one that replaces another takes over those of the other. */
  mode: number;
};

/**
 * Lets `fill` write a file under a temporary name in the folder of `path`; then the file is synced, gets its final name in one step, and
 * the folder is synced. Nothing appears under the final name before, whatever happens; but where there are no hard links, for a moment an empty file.
 */
export async function writeCatalogFile<Result>(
  { path, field, force, mode }: NewFile,
  fill: (temporary: string) => Promise<Result>,
): Promise<Result> {
  const old = refuseOccupied(path, field, force) ? await lockCatalog(path) : undefined;
  const temporary = `${path}.partial-${randomBytes(8).toString("hex")}`;
  try {
    await removeStale(path);
    await writeFile(temporary, "", { flag: "wx", mode: mode & 0o777 });
    const result = await fill(temporary);
    if (old) await replace(old, path, temporary);
    else await place(temporary, path, field);
    return result;
  } finally {
    // What cannot be removed is no reason to keep the lock, nor to tell that instead of what went wrong before.
    await old?.end();
    for (const left of [temporary, `${temporary}-journal`]) await rm(left, { force: true }).catch(() => {});
  }
}

/** Whether a catalog is at `path`, to be replaced. Throws when there is something that must stay. */
function refuseOccupied(path: string, field: string, force: boolean): boolean {
  const folder = statOf(dirname(path));
  if (!folder?.isDirectory()) throw invalidArgument(field, `must be in a folder that exists: make ${dirname(path)}`);
  const file = statOf(path);
  if (file && !file.isFile()) throw notACatalog(path, "it is not a regular file");
  if (file && !force) throw occupied(path, field);
  if (file && file.size > 0 && file.size < MIN_SQLITE_BYTES) throw notACatalog(path, "it is not an SQLite file");
  if (file) return true;
  const companion = ["-wal", "-journal"].map((suffix) => path + suffix).find((name) => sizeOf(name) > 0);
  if (companion) {
    const cure = "put the file that it belongs to back, or move it away";
    throw invalidArgument(field, `must not be beside ${companion}, which holds changes of another file; ${cure}`);
  }
  return false;
}

async function place(temporary: string, path: string, field: string): Promise<void> {
  await synced(temporary);
  try {
    await giveName(temporary, path);
  } catch (error) {
    throw codeOf(error) === "EEXIST" ? occupied(path, field) : error;
  }
  await nameSynced(path);
}

/** link(2) never replaces a file that appeared meanwhile, which rename(2) would. */
async function giveName(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch (error) {
    if (codeOf(error) === "EEXIST") throw error;
    return await takeName(temporary, path);
  }
  await unlink(temporary);
}

/** For a file system without hard links, whatever it says of them: an empty file takes the name first, and is the one that is replaced. */
async function takeName(temporary: string, path: string): Promise<void> {
  await writeFile(path, "", { flag: "wx" });
  try {
    await rename(temporary, path);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

/**
 * What processes left behind that were killed while they wrote the same file. Only their age tells: in another container, or on another
 * machine that has the folder too, a process that still writes cannot be seen.
 */
async function removeStale(path: string): Promise<void> {
  const prefix = `${basename(path)}.partial-`;
  for (const name of await readdir(dirname(path))) {
    if (!name.startsWith(prefix) || !/^(?:\d+-)?[0-9a-f]{8,16}(?:-journal)?$/.test(name.slice(prefix.length))) continue;
    const file = join(dirname(path), name);
    const { mtimeMs = Infinity } = statOf(file) ?? {};
    if (Date.now() - mtimeMs > STALE_MS) await rm(file, { force: true });
  }
}

function occupied(path: string, field: string): HiveCatalogError {
  const message = `the file ${path} is there already: --force replaces it (in code, force: true)`;
  return new HiveCatalogError("INVALID_ARGUMENT", message, { problems: [{ field, message }] });
}
