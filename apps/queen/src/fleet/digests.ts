import { hash } from "node:crypto";

interface Digest {
  /** Short, and other for what is other; undefined where it is to be learned. */
  readonly digest: number | undefined;
  /** Monotonic. */
  readonly atMs: number;
}

/** Notices that something of a hive is other than it was, and keeps only a digest of it. */
export class Digests {
  readonly #byId = new Map<string, Digest>();

  /** It was so at `atMs`; answers whether it was known, and was other before. */
  learn(id: string, value: unknown, atMs: number): boolean {
    const known = this.#byId.get(id);
    if (known !== undefined && known.atMs > atMs) return false;
    const digest = hash("sha1", JSON.stringify(value), "buffer").readInt32BE();
    this.#byId.set(id, { digest, atMs });
    return known?.digest !== undefined && known.digest !== digest;
  }

  /** It was made other here at `atMs`, and as what is to be learned: what was read before says nothing any more. */
  madeOther(id: string, atMs: number): void {
    this.#byId.set(id, { digest: undefined, atMs });
  }

  forget(id: string): void {
    this.#byId.delete(id);
  }
}
