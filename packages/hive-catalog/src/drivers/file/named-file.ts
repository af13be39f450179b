import { realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { HiveCatalogError } from "../../errors.ts";

/** Enough of a stat to tell one file from another. */
type Inode = { readonly dev: bigint; readonly ino: bigint };

/** File systems note times to 2 s and finer: a change of a folder that is younger may share its time with the next one. */
const COARSEST_TIME_NS = 2_000_000_000n;
const NS_PER_MS = 1_000_000n;

/**
 * The file that was just opened by its name, and the two that SQLite keeps beside it while it is open. They are looked at by stat alone: to open
 * one here and close it again would drop the locks that this process holds on it.
 */
export class NamedFile {
  readonly #path: string;
  readonly #opened: Inode;
  #companions: readonly (Inode & { readonly path: string })[] = [];
  #folder = "";
  /** When a name in the folder last changed before the companions were last looked at; undefined where a later change might not be seen. */
  #seenNs: bigint | undefined;

  /** Throws when there is none of that name. */
  constructor(path: string) {
    this.#path = path;
    const { dev, ino } = statSync(path, { bigint: true });
    this.#opened = { dev, ino };
  }

  /**
   * Notes the -wal and the -shm, which the same two files are for as long as a connection of this process has them open. What was stored last
   * stands in the one alone; by the other, programs keep from writing over each other's changes.
   */
  noteCompanions(): void {
    const path = realpathSync(this.#path);
    this.#folder = dirname(path);
    this.#seenNs = undefined;
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
    return isAt(this.#path, this.#opened) && isAt(shm.path, shm) && statOf(wal.path) === undefined;
  }

  /** Throws CATALOG_UNAVAILABLE when they do not: what is written now would be gone with the program, or would harm what others write. */
  check(): void {
    const path = this.#misplaced();
    if (path === undefined) return;
    const problem = `${path} is not the file any more that this program has open: it was removed, renamed or replaced`;
    const cure =
      path === this.#path
        ? "nothing is stored until it is back in its place; if it will not be, start the program anew"
        : "nothing is stored any more: start the program anew";
    throw new HiveCatalogError("CATALOG_UNAVAILABLE", `${problem}; ${cure}`);
  }

  /** The name that stands for another file, or for none. */
  #misplaced(): string | undefined {
    if (!isAt(this.#path, this.#opened)) return this.#path;
    return this.#companions.length > 0 ? this.#misplacedCompanion() : undefined;
  }

  /** One look at the folder tells that no name in it has changed since the last one. */
  #misplacedCompanion(): string | undefined {
    const changedNs = statOf(this.#folder)?.mtimeNs;
    if (changedNs !== undefined && changedNs === this.#seenNs) return undefined;
    const isSettled = changedNs !== undefined && BigInt(Date.now()) * NS_PER_MS - changedNs > COARSEST_TIME_NS;
    const misplaced = this.#companions.find((companion) => !isAt(companion.path, companion))?.path;
    this.#seenNs = isSettled && misplaced === undefined ? changedNs : undefined;
    return misplaced;
  }
}

const statOf = (path: string) => statSync(path, { bigint: true, throwIfNoEntry: false });

function isAt(path: string, { dev, ino }: Inode): boolean {
  const now = statOf(path);
  // The name of a file that is mounted alone outlives the file.
  return now?.ino === ino && now.dev === dev && now.nlink > 0n;
}
