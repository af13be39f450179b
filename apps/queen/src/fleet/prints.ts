import { createHash } from "node:crypto";

interface Print {
  /** Short, and other for what is other. */
  readonly print: number;
  /** Monotonic. */
  readonly atMs: number;
}

const PRINT_BYTES = 6;

/** Notices that something is other than it was, and keeps only a print of it. `Part` is what of a hive changes by itself. */
export class Prints<Part extends string> {
  readonly #byId = new Map<string, Map<Part, Print>>();

  /** It was so at `atMs`; answers whether it was known, and was other before. */
  learn(id: string, part: Part, value: unknown, atMs: number): boolean {
    const prints = this.#byId.get(id) ?? new Map<Part, Print>();
    const known = prints.get(part);
    if (known !== undefined && known.atMs > atMs) return false;
    const print = createHash("sha1").update(JSON.stringify(value)).digest().readUIntBE(0, PRINT_BYTES);
    this.#byId.set(id, prints.set(part, { print, atMs }));
    return known !== undefined && known.print !== print;
  }

  forget(id: string): void {
    this.#byId.delete(id);
  }
}
