import Database from "libsql";
import type { RequestOptions } from "../client.ts";
import { codeOf, outcomeUnknown, toCatalogError } from "../errors.ts";
import type { NamedFile } from "./named-file.ts";

/**
 * Holds the ids of a million hives. With SQLite's own 2 MiB a group of beats spills at 10,000 hives, and each id is read from the system at
 * a million. A little above 8,192 pages, where SQLite doubles the hash table of the cache: half full, each page is found past fewer others
 * that the processor has to fetch.
 */
const PAGE_CACHE_KIB = 36_000;

/** Of a -wal that is folded into its file: SQLite folds it at 4 MB, and keeps it as long as it ever was. */
const MAX_IDLE_WAL_BYTES = 16 * 2 ** 20;

type Manner = { isReadOnly: boolean; onOpened: () => void };

/** What the binding opens, set up for a catalog. */
export function openConnection(target: string, { isReadOnly, onOpened }: Manner): Database.Database {
  // The binding's own waiting would stop the event loop: no timeout here.
  const database = new Database(target, { timeout: 0 });
  try {
    onOpened();
    // A damaged page is refused when it is first read, where SQLite can tell at all.
    database.exec("PRAGMA cell_size_check = ON");
    // What was acknowledged survives power loss. This needs no lock.
    if (!isReadOnly) {
      database.exec("PRAGMA synchronous = FULL");
      // What it grew beyond that, while another program went on reading, is given back when it begins anew.
      database.exec(`PRAGMA journal_size_limit = ${MAX_IDLE_WAL_BYTES}`);
      enlargeCache(database);
    }
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}

/** Reads the file. What is wrong with it, the first statement says: this one only makes the others faster. */
function enlargeCache(database: Database.Database): void {
  try {
    database.exec(`PRAGMA cache_size = ${-PAGE_CACHE_KIB}`);
  } catch {}
}

export function rollback(database: Database.Database): void {
  if (database.open && database.inTransaction) database.exec("ROLLBACK");
}

/** A change whose sync failed is undone, but stands in the -wal until the next one is written over it: a crash before that brings it back. */
export function commit(database: Database.Database, { isRepeatable }: RequestOptions): void {
  try {
    database.exec("COMMIT");
  } catch (error) {
    if (codeOf(error) !== "SQLITE_IOERR_FSYNC") throw error;
    throw outcomeUnknown("the disk failed while the change was stored", { isRepeatable, cause: error });
  }
}

/** Looks at the file after a change was committed to it: where it is gone then, or cannot be looked at, nobody knows who will read the change. */
export function checkStored(file: NamedFile, { isRepeatable }: RequestOptions): void {
  try {
    file.checkFile();
  } catch (error) {
    throw outcomeUnknown(toCatalogError(error).message, { isRepeatable, cause: error });
  }
}

/** Kept statements hold a closed connection open until they are collected, and with it the -wal: what it holds goes into the file first. */
export function checkpoint(database: Database.Database): void {
  try {
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch {
    // Another process reads, or the disk is full: the -wal keeps what it has, and the next one to close tries again.
  }
}
