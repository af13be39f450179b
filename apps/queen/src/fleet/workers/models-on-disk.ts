import { isReachable } from "./address.ts";
import type { Reading } from "./heartbeat.ts";
import type { Hive } from "./hive.ts";
import { freeBytesOf } from "./usage.ts";

/** A hive that would load a model, and how well it can. */
export type ColdCandidate = NonNullable<ReturnType<typeof coldCandidate>>;

/** Which hives have which models on disk, live or not. */
export class ModelsOnDisk {
  readonly #byModel = new Map<string, Set<Hive>>();

  /** The reading of a hive is another one than `before`. What stays is kept: disks seldom change. */
  update(hive: Hive, before: Reading | null): void {
    const was = namesOf(before);
    const is = namesOf(hive.reading);
    if (was.length === is.length && was.every((name, position) => name === is[position])) return;
    for (const name of was) {
      const hives = this.#byModel.get(name);
      hives?.delete(hive);
      if (hives?.size === 0) this.#byModel.delete(name);
    }
    for (const name of is) this.#byModel.set(name, (this.#byModel.get(name) ?? new Set()).add(hive));
  }

  of(model: string): Iterable<Hive> {
    return this.#byModel.get(model) ?? [];
  }

  has(model: string): boolean {
    return this.#byModel.has(model);
  }

  names(): Iterable<string> {
    return this.#byModel.keys();
  }
}

/** What a hive could load of a model, if it has the memory free that this takes at least; undefined when it cannot, or that is not known. */
export function coldCandidate(hive: Hive, reading: Reading, name: string, minFreeVramBytes: number | undefined) {
  const model = reading.modelsOnDisk?.find((other) => other.modelId === name && isReachable(other, hive.host));
  const measured = freeBytesOf(reading, minFreeVramBytes !== undefined);
  if (model === undefined || measured === null) return undefined;
  const freeBytes = measured - (hive.loads?.bytes ?? 0);
  if (freeBytes < Math.max(model.bytes ?? 0, minFreeVramBytes ?? 0)) return undefined;
  // Models that it was sent to load since it was read.
  const loading = hive.loads?.count ?? 0;
  return { hive, model, loading, freeBytes };
}

/** Whether `a` can load better than `b`: fewer that it loads already, then more that is free; ids decide between equals. */
export function loadsBetter(a: ColdCandidate, b: ColdCandidate | undefined): boolean {
  if (b === undefined) return true;
  const difference = a.loading - b.loading || b.freeBytes - a.freeBytes;
  return difference === 0 ? a.hive.id < b.hive.id : difference < 0;
}

const namesOf = (reading: Reading | null): string[] => reading?.modelsOnDisk?.map(({ modelId }) => modelId) ?? [];
