import { statSync } from "node:fs";
import { HiveCatalogError } from "../../errors.ts";

/**
 * The file that was just opened by its name. It is looked at by stat alone: to open it here and close it again would drop the locks that this
 * process holds on it.
 */
export class NamedFile {
  readonly #path: string;
  readonly #opened: { readonly dev: bigint; readonly ino: bigint };

  /** Throws when there is none of that name. */
  constructor(path: string) {
    this.#path = path;
    const { dev, ino } = statSync(path, { bigint: true });
    this.#opened = { dev, ino };
  }

  /** Whether the name still stands for it: the name may have been removed, renamed, or given to another file. */
  isInPlace(): boolean {
    const now = statSync(this.#path, { bigint: true, throwIfNoEntry: false });
    // The name of a file that is mounted alone outlives the file.
    return now?.ino === this.#opened.ino && now.dev === this.#opened.dev && now.nlink > 0n;
  }

  /** Throws CATALOG_UNAVAILABLE when it does not: what is written now would be gone with the program. */
  check(): void {
    if (this.isInPlace()) return;
    const problem = `${this.#path} is not the file any more that this program has open: it was removed, renamed or replaced`;
    const cure = "nothing is stored until it is back in its place; if it will not be, start the program anew";
    throw new HiveCatalogError("CATALOG_UNAVAILABLE", `${problem}; ${cure}`);
  }
}
