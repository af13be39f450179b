import { realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { HiveCatalogError } from "../../errors.ts";

/** Enough of a stat to tell one file from another. */
type Inode = { readonly dev: bigint; readonly ino: bigint };
type Place = Inode & { readonly path: string };

/** File systems note times to 2 s and finer: a change of a folder that is younger may share its time with the next one. */
const COARSEST_TIME_NS = 2_000_000_000n;
const NS_PER_MS = 1_000_000n;
/** Folders of some file systems, such as exFAT by FUSE, keep their time when a name in them changes. */
const LOOK_AGAIN_MS = 1000;

/**
 * The file that was just opened by its name, and the two that SQLite keeps beside it while it is open. They are looked at by stat alone: to open
 * one here and close it again would drop the locks that this process holds on it.
 */
export class NamedFile {
  readonly #opened: Place;
  #companions: readonly Place[] = [];
  #folder = "";
  /** The folder before all was last seen in its place; undefined where a later change of a name in it might not be seen. */
  #seen: (Inode & { readonly mtimeNs: bigint; readonly atMs: number }) | undefined;

  /** Throws when there is none of that name. */
  constructor(path: string) {
    const { dev, ino } = statSync(path, { bigint: true });
    this.#opened = { path, dev, ino };
  }

  /**
   * Notes the -wal and the -shm, which the same two files are for as long as a connection of this process has them open. What was stored last
   * stands in the one alone; by the other, programs keep from writing over each other's changes.
   */
  noteCompanions(): void {
    const path = realpathSync(this.#opened.path);
    this.#folder = dirname(path);
    this.#seen = undefined;
    // Neither is there where this process has the same file open by another name: they stand beside that one.
    this.#companions = [`${path}-wal`, `${path}-shm`].flatMap((name) => {
      const file = statOf(name);
      return file === undefined ? [] : [{ path: name, dev: file.dev, ino: file.ino }];
    });
  }

  /** Whether the names still stand for what was opened: a name may have been removed, renamed, or given to another file. */
  isInPlace(): boolean {
    return this.#misplaced() === undefined;
  }

  /** Whether only the -wal is gone, and no other program has begun one of its own: what is in it can still be folded into the file. */
  lacksWalAlone(): boolean {
    const [wal, shm] = this.#companions;
    if (wal === undefined || shm === undefined) return false;
    return isThere(this.#opened) && isThere(shm) && statOf(wal.path) === undefined;
  }

  /** Throws CATALOG_UNAVAILABLE when they do not: what is written now would be gone with the program, or would harm what others write. */
  check(): void {
    const path = this.#misplaced();
    if (path !== undefined) this.#refuse(path);
  }

  /**
   * The same for one look at the folder, for a second, as long as no name in it changes. Not seen meanwhile is another file that is mounted over this one,
   * and that this one was removed where it is mounted alone: `checkFile` sees that.
   */
  checkNames(): void {
    const seen = this.#seen;
    const isRecent = seen !== undefined && performance.now() - seen.atMs < LOOK_AGAIN_MS;
    const folder = isRecent ? statOf(this.#folder) : undefined;
    const isUnchanged = folder !== undefined && folder.mtimeNs === seen?.mtimeNs && isSameInode(folder, seen);
    if (!isUnchanged) this.check();
  }

  /** The same of the file alone. */
  checkFile(): void {
    if (isThere(this.#opened)) return;
    this.#seen = undefined;
    this.#refuse(this.#opened.path);
  }

  /** The name that stands for another file, or for none. */
  #misplaced(): string | undefined {
    const folder = statOf(this.#folder);
    const misplaced = [this.#opened, ...this.#companions].find((place) => !isThere(place))?.path;
    const isSettled = folder && BigInt(Date.now()) * NS_PER_MS - folder.mtimeNs > COARSEST_TIME_NS;
    const atMs = performance.now();
    this.#seen = isSettled && misplaced === undefined ? { ...folder, atMs } : undefined;
    return misplaced;
  }

  #refuse(path: string): never {
    const problem = `${path} is not the file any more that this program has open: it was removed, renamed or replaced`;
    const cure =
      path === this.#opened.path
        ? "nothing is stored until it is back in its place; if it will not be, start the program anew"
        : "nothing is stored any more: start the program anew";
    throw new HiveCatalogError("CATALOG_UNAVAILABLE", `${problem}; ${cure}`);
  }
}

const statOf = (path: string) => statSync(path, { bigint: true, throwIfNoEntry: false });
const isSameInode = (a: Inode, b: Inode): boolean => a.ino === b.ino && a.dev === b.dev;

function isThere(place: Place): boolean {
  const now = statOf(place.path);
  // The name of a file that is mounted alone outlives the file.
  return now !== undefined && isSameInode(now, place) && now.nlink > 0n;
}
