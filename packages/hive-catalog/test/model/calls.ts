import { HiveCatalogError } from "../../src/errors.ts";
import type { HiveCatalog } from "../../src/index.ts";
import { allOf } from "../stream.ts";

/** One call of a catalog as data: so that a model, a catalog here and a catalog in another process can run the same one. */
export type Call = { method: string; args: unknown[] };
/** What a call came to: its result, or the code of its error. */
export type Outcome = { value: unknown } | { code: string };

/** The ids that a hive can have. */
export const IDS = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** How a model refuses a call. */
export class Refusal extends Error {
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** Calls a method, which may be one of a table, such as `cordons.set`. */
export function invoke(catalog: object, { method, args }: Call): unknown {
  const [verb = "", table] = method.split(".").reverse();
  const owner: object = table === undefined ? catalog : Reflect.get(catalog, table);
  return Reflect.apply(Reflect.get(owner, verb), owner, args);
}

async function outcomeOf(work: () => unknown): Promise<Outcome> {
  try {
    return { value: (await work()) ?? null };
  } catch (error) {
    if (error instanceof HiveCatalogError) return { code: error.code };
    throw error;
  }
}

/** Calls a method of a catalog. Beyond its own: `beats`, which sends many heartbeats in one tick, and streams as lists. */
export function callCatalog(catalog: HiveCatalog, call: Call): Promise<Outcome> {
  return outcomeOf(() => {
    const { method, args } = call;
    if (method === "streamHives") return allOf(catalog.streamHives(...(args as [{ pageSize: number }])));
    if (method === "beats") {
      const beats = args as [id: string, timestampMs: number][];
      return Promise.all(beats.map(([id, timestampMs]) => outcomeOf(() => catalog.updateHeartbeat(id, timestampMs))));
    }
    return invoke(catalog, call);
  });
}
