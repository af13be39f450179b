import type { LeftOut } from "./find.ts";

/** Of workers, and of models on disk. */
const MAX_ENTRIES = 256;
/** A queen takes 512 KB in all, and of a hive that sends more she hears nothing. What else it says, of many GPUs too, is far less than the rest. */
const MAX_BYTES = 448 * 1024;

/** What a heartbeat has room for: whoever comes first is told of. */
export class BeatRoom {
  #bytes = 0;
  readonly #refused = new Map<string, string>();

  /** Those that there is room for. */
  take<Item>(what: string, all: readonly Item[], toJson: (item: Item) => object): Item[] {
    const taken: Item[] = [];
    for (const item of all) {
      const bytes = Buffer.byteLength(JSON.stringify(toJson(item))) + 1;
      const why = this.#whyNot(bytes, taken.length);
      // One word for all of them: there may be thousands.
      if (why !== undefined) this.#refused.set(`the rest of the ${what}`, why);
      else {
        this.#bytes += bytes;
        taken.push(item);
      }
    }
    return taken;
  }

  get leftOut(): LeftOut[] {
    return [...this.#refused].map(([what, why]) => ({ what, why }));
  }

  #whyNot(bytes: number, count: number): string | undefined {
    if (count >= MAX_ENTRIES) return `there are more than ${MAX_ENTRIES}`;
    return this.#bytes + bytes > MAX_BYTES ? "a heartbeat has no room for more" : undefined;
  }
}
