import { hash } from "node:crypto";

interface Print {
  /** Short, and other for what is other; undefined where it is to be learned. */
  readonly print: number | undefined;
  /** Monotonic. */
  readonly atMs: number;
}

const PRINT_BYTES = 6;

/** Notices that something of a hive is other than it was, and keeps only a print of it. */
export class Prints {
  readonly #byId = new Map<string, Print>();

  /** It was so at `atMs`; answers whether it was known, and was other before. */
  learn(id: string, value: unknown, atMs: number): boolean {
    const known = this.#byId.get(id);
    if (known !== undefined && known.atMs > atMs) return false;
    const print = hash("sha1", JSON.stringify(value), "buffer").readUIntBE(0, PRINT_BYTES);
    this.#byId.set(id, { print, atMs });
    return known?.print !== undefined && known.print !== print;
  }

  /** It was made other here at `atMs`, and as what is to be learned: what was read before says nothing any more. */
  madeOther(id: string, atMs: number): void {
    this.#byId.set(id, { print: undefined, atMs });
  }

  forget(id: string): void {
    this.#byId.delete(id);
  }
}
