import type { Stats } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { plain } from "../drivers/client.ts";
import { isError, toCatalogError } from "../drivers/errors.ts";
import { HiveCatalogError } from "../errors.ts";
import { COMPANIONS, missingRight, writableTarget } from "../sql/files.ts";
import { identify, notACatalog } from "../sql/identity.ts";
import { SqlThread } from "./sql-thread.ts";

/** Long enough for a write of another program to end; an idle connection of one does not go away. */
const LOCK_TIMEOUT_MS = 1000;
const SQLITE_HEADER_BYTES = 100;

/**
 * Locks the catalog file at `path`, a damaged one too. Throws CATALOG_BUSY while any other connection to it is open, an idle one too, and
 * CATALOG_NOT_A_CATALOG for what is none. It is locked until the thread is ended.
 */
export async function lockCatalog(path: string): Promise<SqlThread> {
  const thread = new SqlThread({ target: writableTarget(path), busyTimeoutMs: LOCK_TIMEOUT_MS });
  try {
    await lock(thread);
    await refuseOthers(thread, path);
    return thread;
  } catch (error) {
    await thread.end();
    throw explained(error, path);
  }
}

/** With locking_mode EXCLUSIVE the lock outlives the transaction, and even an idle WAL connection of another program stands in its way. */
async function lock(thread: SqlThread): Promise<void> {
  await thread.execute(plain("PRAGMA locking_mode = EXCLUSIVE"));
  // Lets SQLite lock a truncated file, which it otherwise refuses.
  await thread.execute(plain("PRAGMA writable_schema = ON"));
  await thread.execute(plain("BEGIN EXCLUSIVE"));
  await thread.execute(plain("COMMIT"));
}

/** A damaged catalog may be replaced; the database of another application never. */
async function refuseOthers(thread: SqlThread, path: string): Promise<void> {
  try {
    await identify(thread, path);
  } catch (error) {
    const { code } = toCatalogError(error);
    if (code !== "CATALOG_CORRUPT" && code !== "CATALOG_TOO_NEW") throw error;
  }
}

/** Replaces a locked catalog. At every moment there is either the old file, whole, or the new one, and never anything of the old beside the new. */
export async function replace(thread: SqlThread, path: string, temporary: string): Promise<void> {
  await foldWal(thread);
  // Opened only now, and closed after the rename: to close a descriptor drops the lock of this process.
  const old = await open(path, "r+");
  try {
    const stats = await old.stat();
    await synced(temporary, (file) => takeOver(file, stats));
    // Left beside another file of that name, their pages would be written over that one's.
    for (const companion of COMPANIONS) await rm(path + companion, { force: true });
    await synced(dirname(path));
    await rename(temporary, path);
    await nameSynced(path);
    // A program that opened the old file meanwhile waits for the lock. It must fail now: it would write its -wal beside the new file.
    // But under its other names (hard links) the old file is a copy that somebody keeps.
    if (stats.nlink === 1) await old.write(Buffer.alloc(SQLITE_HEADER_BYTES), 0, SQLITE_HEADER_BYTES, 0);
  } finally {
    await old.close();
  }
}

/** Writes what stands in the -wal into the old file, so that it is whole without it. A damaged one is not whole either way. */
async function foldWal(thread: SqlThread): Promise<void> {
  try {
    await thread.execute(plain("PRAGMA wal_checkpoint(TRUNCATE)"));
  } catch (error) {
    if (toCatalogError(error).code !== "CATALOG_CORRUPT") throw error;
  }
}

/** Owner and mode of the file that is replaced: a restore by root must not shut out the user of the queen. */
async function takeOver(file: FileHandle, old: Stats): Promise<void> {
  const { uid, gid } = await file.stat();
  if (uid !== old.uid || gid !== old.gid) await file.chown(old.uid, old.gid);
  await file.chmod(old.mode & 0o777);
}

/** Syncs a file or a folder, once it is changed. */
export async function synced(path: string, change?: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, "r");
  try {
    await change?.(file);
    await file.sync();
  } catch (error) {
    throw ofFile(path, error);
  } finally {
    await file.close();
  }
}

/** Syncs the folder of a file that has just got its name. */
export async function nameSynced(path: string): Promise<void> {
  try {
    await synced(dirname(path));
  } catch (error) {
    const { message } = toCatalogError(error);
    const problem = `${path} is the new file, but until its folder is synced a loss of power may undo that: ${message}`;
    throw new HiveCatalogError("CATALOG_OUTCOME_UNKNOWN", problem, { cause: error });
  }
}

/** What fails through a handle does not say of which file. */
export function ofFile(path: string, error: unknown): unknown {
  return isError(error) && "syscall" in error ? Object.assign(error, { path }) : error;
}

function explained(error: unknown, path: string): HiveCatalogError {
  const known = toCatalogError(error);
  if (known.code === "CATALOG_BUSY") {
    const message = `${path} is in use; stop the queen and every other program that has it open, then try again`;
    return new HiveCatalogError("CATALOG_BUSY", message, { cause: error });
  }
  if (known.code === "CATALOG_CORRUPT") {
    const cure = "make sure that nothing uses it, then move it away and try again";
    return notACatalog(path, `it is not an SQLite file, or its beginning is destroyed; ${cure}`);
  }
  // Of a file system that is read-only SQLite says no more than that it got no lock.
  const missing = known.code === "CATALOG_UNAVAILABLE" ? missingRight(path) : undefined;
  return missing === undefined ? known : new HiveCatalogError("CATALOG_READ_ONLY", missing, { cause: error });
}
