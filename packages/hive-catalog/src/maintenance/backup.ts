import { performance } from "node:perf_hooks";
import { toCatalogError } from "../drivers/errors.ts";
import { checkOptions, invalidArgument } from "../model/check.ts";
import { statOf } from "../sql/files.ts";
import { type CopyOptions, copyCatalog } from "./copy.ts";
import { writeCatalogFile } from "./new-file.ts";
import { filePathOf, readingFile } from "./source.ts";

export type BackupOptions = CopyOptions & {
  /** Replace a backup that is there: default false. */
  force?: boolean | undefined;
};

/** What was written, and where. */
export type CopyResult = {
  readonly path: string;
  readonly hives: number;
  readonly bytes: number;
  readonly durationMs: number;
};

const FOR_A_SERVER =
  "use the server's own backups, or copy hive by hive: streamHives of the server, addHive into a file";

/**
 * Writes a copy of the catalog at `location`, as it is at one moment, into the new file `target`; hives can be written meanwhile. The copy is
 * checked and synced before it gets its name. Rejects with INVALID_ARGUMENT (a server, or a `target` that exists, without
 * `force`), CATALOG_CORRUPT, CATALOG_BUSY (`force` over a file in use), CATALOG_CLOSED (stopped) or another CATALOG_… code.
 */
export async function backupCatalog(
  location: string,
  target: string,
  options: BackupOptions = {},
): Promise<CopyResult> {
  const startedMs = performance.now();
  try {
    checkOptions(options, ["force", "onProgress", "signal"]);
    const { force = false, ...copying } = options;
    const from = filePathOf("location", location, FOR_A_SERVER);
    const path = filePathOf("target", target, "a backup is a file");
    if (isSameFile(from, path)) throw invalidArgument("target", "must be another file than the catalog itself");
    const copied = await readingFile(from, (source) => {
      const mode = statOf(from)?.mode ?? 0o600;
      return writeCatalogFile({ path, field: "target", force, mode }, (temporary) =>
        copyCatalog(source, from, temporary, copying),
      );
    });
    return { path, ...copied, durationMs: performance.now() - startedMs };
  } catch (error) {
    throw toCatalogError(error);
  }
}

export function isSameFile(one: string, other: string): boolean {
  const [a, b] = [statOf(one), statOf(other)];
  return one === other || (a !== undefined && a.dev === b?.dev && a.ino === b.ino);
}
