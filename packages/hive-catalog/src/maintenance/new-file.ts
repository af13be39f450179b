import { randomBytes } from "node:crypto";
import { link, readdir, rm, unlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { HiveCatalogError } from "../errors.ts";
import { invalidArgument } from "../model/check.ts";
import { MIN_SQLITE_BYTES, sizeOf, statOf } from "../sql/files.ts";
import { notACatalog } from "../sql/identity.ts";
import { lockCatalog, replace, synced } from "./replacement.ts";

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
 * the folder is synced. Nothing appears under the final name before, whatever happens.
 */
export async function writeCatalogFile<Result>(
  { path, field, force, mode }: NewFile,
  fill: (temporary: string) => Promise<Result>,
): Promise<Result> {
  const old = refuseOccupied(path, field, force) ? await lockCatalog(path) : undefined;
  const temporary = `${path}.partial-${process.pid}-${randomBytes(4).toString("hex")}`;
  try {
    await removeStale(path);
    await writeFile(temporary, "", { flag: "wx", mode: mode & 0o777 });
    const result = await fill(temporary);
    if (old) await replace(old, path, temporary);
    else await place(temporary, path, field);
    return result;
  } finally {
    await rm(temporary, { force: true });
    await rm(`${temporary}-journal`, { force: true });
    await old?.end();
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

/** link(2) never replaces a file that appeared meanwhile, which rename(2) would. */
async function place(temporary: string, path: string, field: string): Promise<void> {
  await synced(temporary);
  try {
    await link(temporary, path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EEXIST") throw occupied(path, field);
    if (code === "EPERM" || code === "ENOTSUP") {
      throw invalidArgument(field, "must be on a file system with hard links; write it elsewhere and copy it");
    }
    throw error;
  }
  await unlink(temporary);
  await synced(dirname(path));
}

/** What processes left behind that were killed while they wrote the same file. */
async function removeStale(path: string): Promise<void> {
  const prefix = `${basename(path)}.partial-`;
  for (const name of await readdir(dirname(path))) {
    const pid = name.startsWith(prefix) ? /^(\d+)-[0-9a-f]{8}(?:-journal)?$/.exec(name.slice(prefix.length))?.[1] : "";
    if (pid && !isAlive(Number(pid))) await rm(join(dirname(path), name), { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

function occupied(path: string, field: string): HiveCatalogError {
  return invalidArgument(field, `must not exist yet: there is a file ${path}; force (--force) replaces it`);
}
