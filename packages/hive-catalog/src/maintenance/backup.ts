import { dirname } from "node:path";
import { performance } from "node:perf_hooks";
import { toCatalogError } from "../drivers/errors.ts";
import { checkBoolean, checkFunction, checkOptions, invalidArgument } from "../model/check.ts";
import { makeFolders, statOf } from "../sql/files.ts";
import { pendingMigrations } from "../sql/migrations.ts";
import { type CopyOptions, copyCatalog } from "./copy.ts";
import { writeCatalogFile } from "./new-file.ts";
import { filePathOf, readingFile } from "./source.ts";
import type { SqlThread } from "./sql-thread.ts";

/** Of `backupCatalog`. */
export type BackupOptions = CopyOptions & {
  /** Replace a backup that is there: default false. */
  force?: boolean | undefined;
};

/** Of `restoreCatalog`: `force` replaces the catalog that is there, which is gone then. */
export type RestoreOptions = BackupOptions;

/** What was written, and where. */
export type CopyResult = {
  readonly path: string;
  readonly hives: number;
  readonly bytes: number;
  readonly durationMs: number;
};

/**
 * Writes a copy of the catalog at `location`, as it is at one moment, into the new file `target`; hives can be written meanwhile. The copy is
 * checked and synced before it gets its name. Rejects with INVALID_ARGUMENT (a server, or a `target` that exists, without
 * `force`), CATALOG_CORRUPT, CATALOG_BUSY (`force` over a file in use), CATALOG_CLOSED (stopped) or another CATALOG_… code; `target` is then as it
 * was. But with CATALOG_OUTCOME_UNKNOWN it is the new file, which a loss of power may undo.
 */
export function backupCatalog(location: string, target: string, options: BackupOptions = {}): Promise<CopyResult> {
  const forServer = "docs/operations.md says how the database of a server is backed up";
  const from = () => filePathOf("location", location, forServer);
  const to = () => filePathOf("target", target, "a backup is a file");
  return copy({ from, to, field: "target", backup: "target" }, options);
}

/**
 * Makes the catalog file `location` from a backup, which is checked in full first. A crash at any moment leaves either the old catalog or
 * the new one. Rejects with INVALID_ARGUMENT (a server, or a catalog that exists, without `force`), CATALOG_NOT_A_CATALOG, CATALOG_CORRUPT or
 * CATALOG_TOO_NEW (the backup), CATALOG_BUSY (another program has the catalog open, even if idle), CATALOG_CLOSED (stopped), or another
 * CATALOG_… code; the catalog is then as it was. But with CATALOG_OUTCOME_UNKNOWN it is the new one, which a loss of power may undo.
 */
export function restoreCatalog(backup: string, location: string, options: RestoreOptions = {}): Promise<CopyResult> {
  const from = () => filePathOf("backup", backup, "a backup is a file");
  const to = () => filePathOf("location", location, "docs/operations.md says how the database of a server is restored");
  const prepare = async (source: SqlThread, path: string) => {
    await pendingMigrations(source);
    makeFolders(dirname(path));
  };
  const missing = (path: string) => `there is no backup ${path}; check the path`;
  return copy({ from, to, field: "location", backup: "backup", prepare, missing }, options);
}

type Files = {
  from: () => string;
  to: () => string;
  /** The arguments of the new file, and of the backup, for messages. */
  field: string;
  backup: string;
  prepare?: (source: SqlThread, path: string) => Promise<void>;
  /** What is said where there is no file to copy. */
  missing?: (path: string) => string;
};

async function copy({ from, to, field, backup, prepare, missing }: Files, options: BackupOptions): Promise<CopyResult> {
  const startedMs = performance.now();
  try {
    checkOptions(options, ["force", "onProgress", "signal"]);
    const { force = false, ...copying } = options;
    checkBoolean("force", force);
    checkFunction("onProgress", copying.onProgress);
    const [source, path] = [from(), to()];
    if (isSameFile(source, path)) throw invalidArgument(backup, "must be another file than the catalog itself");
    const work = async (thread: SqlThread) => {
      await prepare?.(thread, path);
      const mode = statOf(source)?.mode ?? 0o600;
      const fill = (temporary: string) => copyCatalog(thread, source, temporary, copying);
      return await writeCatalogFile({ path, field, force, mode }, fill);
    };
    const copied = await readingFile(source, work, missing);
    return { path, ...copied, durationMs: performance.now() - startedMs };
  } catch (error) {
    throw toCatalogError(error);
  }
}

function isSameFile(one: string, other: string): boolean {
  const [a, b] = [statOf(one), statOf(other)];
  return a !== undefined && a.dev === b?.dev && a.ino === b.ino;
}
