import { HiveCatalogError } from "../../src/errors.ts";
import type { HiveCatalog } from "../../src/index.ts";
import { allOf } from "../stream.ts";

/** One call of a catalog as data: so that a model, a catalog here and a catalog in another process can run the same one. */
export type Call = { method: string; args: unknown[] };
/** What a call came to: its result, or the code of its error. */
export type Outcome = { value: unknown } | { code: string };

export async function outcomeOf(work: () => unknown): Promise<Outcome> {
  try {
    return { value: (await work()) ?? null };
  } catch (error) {
    if (error instanceof HiveCatalogError) return { code: error.code };
    throw error;
  }
}

/** Calls a method of a catalog. Beyond its own: `beats`, which sends many heartbeats in one tick, and streams as lists. */
export function callCatalog(catalog: HiveCatalog, { method, args }: Call): Promise<Outcome> {
  return outcomeOf(() => {
    if (method === "streamHives") return allOf(catalog.streamHives(...(args as [{ pageSize: number }])));
    if (method === "beats") {
      const beats = args as [id: string, timestampMs: number][];
      return Promise.all(beats.map(([id, timestampMs]) => outcomeOf(() => catalog.updateHeartbeat(id, timestampMs))));
    }
    return Reflect.apply(Reflect.get(catalog, method), catalog, args);
  });
}
