import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { tell } from "../calls.ts";
import { plain } from "../drivers/client.ts";
import { HiveCatalogError } from "../errors.ts";
import { sizeOf } from "../sql/files.ts";
import { ofFile } from "./replacement.ts";
import { readingFile, readNumber, sqliteProblems } from "./source.ts";
import type { SqlThread } from "./sql-thread.ts";

/** How far a copy is. `bytes` never shrinks; `totalBytes` is an estimate until the last report, in which both are the size of the copy. */
export type CopyProgress = { readonly bytes: number; readonly totalBytes: number };

/** How a copy is watched and stopped. */
export type CopyOptions = {
  /** Told several times a second how far the copy is; what it throws is a process warning. */
  onProgress?: ((progress: CopyProgress) => unknown) | undefined;
  /** Stops the copy when the statement that runs is done, within seconds; nothing is left of it. */
  signal?: AbortSignal | undefined;
};

const POLL_MS = 20;
/** Takes a usual disk about a millisecond to sync, and as long may a heartbeat have to wait behind it. */
const SYNC_BYTES = 512 * 1024;
const EXPECTED_BYTES =
  "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size";

/**
 * Copies a catalog as it is at one moment into the empty file `temporary`, without holding writers up, and proves that the copy is a
 * sound catalog file. Resolves to what it holds. A damaged source throws CATALOG_CORRUPT: what could be copied of it would look sound.
 */
export async function copyCatalog(
  source: SqlThread,
  name: string,
  temporary: string,
  { onProgress, signal }: CopyOptions,
): Promise<{ hives: number; bytes: number }> {
  const totalBytes = await readNumber(source, EXPECTED_BYTES);
  tell(onProgress, { bytes: 0, totalBytes });
  refuseStopped(signal);
  refuseDamaged(name, await sqliteProblems(source, "integrity_check"));
  refuseStopped(signal);
  await vacuumInto(source, temporary, { totalBytes, onProgress });
  await syncSteadily(temporary, signal);
  const hives = await readingFile(temporary, async (copy) => {
    refuseDamaged(temporary, await sqliteProblems(copy, "quick_check"));
    return await readNumber(copy, "SELECT count(*) FROM hives");
  });
  refuseStopped(signal);
  return { hives, bytes: sizeOf(temporary) };
}

/**
 * SQLite says nothing of its progress; the growing file does. It does not sync the copy: to sync the whole of it at once would hold up every
 * heartbeat meanwhile, behind it in the queue of the disk.
 */
async function vacuumInto(
  source: SqlThread,
  temporary: string,
  { totalBytes, onProgress }: Pick<CopyOptions, "onProgress"> & { totalBytes: number },
): Promise<void> {
  await source.execute(plain("PRAGMA synchronous = OFF"));
  let bytes = 0;
  const look = () => {
    const size = Math.min(sizeOf(temporary), totalBytes);
    if (size > bytes) tell(onProgress, { bytes: size, totalBytes });
    bytes = Math.max(bytes, size);
  };
  const timer = setInterval(look, POLL_MS);
  try {
    await source.execute({ sql: "VACUUM INTO ?", args: [temporary] });
  } finally {
    clearInterval(timer);
  }
  const size = sizeOf(temporary);
  tell(onProgress, { bytes: size, totalBytes: size });
}

/** Writes each piece of a file over itself: with O_DSYNC a write waits for the disk, and for the bytes that it wrote alone. */
async function syncSteadily(path: string, signal: AbortSignal | undefined): Promise<void> {
  const file = await open(path, constants.O_RDWR | constants.O_DSYNC);
  try {
    const piece = Buffer.alloc(SYNC_BYTES);
    for (let position = 0; ; ) {
      const { bytesRead } = await file.read(piece, 0, piece.length, position);
      if (bytesRead === 0) return;
      await file.write(piece, 0, bytesRead, position);
      position += bytesRead;
      refuseStopped(signal);
    }
  } catch (error) {
    throw ofFile(path, error);
  } finally {
    await file.close();
  }
}

function refuseDamaged(name: string, problems: readonly string[]): void {
  if (problems.length === 0) return;
  const cure = "pnpm catalog check tells more; restore a sound backup";
  throw new HiveCatalogError("CATALOG_CORRUPT", `${name} is damaged: ${problems.slice(0, 3).join("; ")}; ${cure}`);
}

function refuseStopped(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw new HiveCatalogError("CATALOG_CLOSED", "the copy was stopped; nothing was written", { cause: signal.reason });
}
