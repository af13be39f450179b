import { performance } from "node:perf_hooks";
import { toCatalogError } from "../drivers/errors.ts";
import { checkOptions, invalidArgument } from "../model/check.ts";
import { statOf } from "../sql/files.ts";
import { pendingMigrations } from "../sql/migrations.ts";
import { type CopyResult, isSameFile } from "./backup.ts";
import { type CopyOptions, copyCatalog } from "./copy.ts";
import { makeFolderOf, writeCatalogFile } from "./new-file.ts";
import { filePathOf, readingFile } from "./source.ts";

export type RestoreOptions = CopyOptions & {
  /** Replace the catalog that is there: default false. It is gone then. */
  force?: boolean | undefined;
};

const FOR_A_SERVER = "add hive by hive: streamHives of the backup, addHive on the server";

/**
 * Makes the catalog file `location` from a backup, which is checked in full first. A crash at any moment leaves either the old catalog or
 * the new one. Rejects with INVALID_ARGUMENT (a server, or a catalog that exists, without `force`), CATALOG_NOT_A_CATALOG, CATALOG_CORRUPT or
 * CATALOG_TOO_NEW (the backup), CATALOG_BUSY (another program has the catalog open, even if idle), CATALOG_CLOSED (stopped), or another
 * CATALOG_… code; the catalog is then as it was.
 */
export async function restoreCatalog(
  backup: string,
  location: string,
  options: RestoreOptions = {},
): Promise<CopyResult> {
  const startedMs = performance.now();
  try {
    checkOptions(options, ["force", "onProgress", "signal"]);
    const { force = false, ...copying } = options;
    const from = filePathOf("backup", backup, "a backup is a file");
    const path = filePathOf("location", location, FOR_A_SERVER);
    if (isSameFile(from, path)) throw invalidArgument("backup", "must be another file than the catalog itself");
    const copied = await readingFile(from, async (source) => {
      await pendingMigrations(source);
      await makeFolderOf(path);
      const mode = statOf(from)?.mode ?? 0o600;
      return await writeCatalogFile({ path, field: "location", force, mode }, (temporary) =>
        copyCatalog(source, from, temporary, copying),
      );
    });
    return { path, ...copied, durationMs: performance.now() - startedMs };
  } catch (error) {
    throw toCatalogError(error);
  }
}
