import type { DamagedHive, FindOptions, HiveCatalog, HiveRecord } from "@repo/hive-catalog";
import type { FleetRow } from "../fleet-rows.ts";

/** Behind which hive a list goes on: a pair of what it is ordered by, and an id. What each of them is, its walk knows. */
export interface Place {
  readonly value: string | null;
  readonly id: string | null;
}

/** Some of the hives of a list, in its order. */
export interface Batch {
  readonly entries: readonly { readonly hive: HiveRecord; readonly place: Place }[];
  /** Where it goes on; undefined at the end. There may be more, although there are no entries. */
  readonly next: Place | undefined;
  /** What was met on the way. */
  readonly damaged: readonly DamagedHive[];
}

/** A way through the fleet, in one order. */
export interface Walk {
  /** The order that memory made for it, through which the next page is to go, too. */
  readonly snapshot?: number;
  /** The next hives, `size` at most; from the beginning on without a place. */
  read(place: Place | undefined, size: number): Promise<Batch>;
  /** Of an order whose values change: whether the row shows the value for which it stands at that place. */
  stands?(row: FleetRow, place: Place): boolean;
}

/** Finds hives by all that the catalog is asked for. */
export type Find = (
  options: Pick<FindOptions, "after" | "limit" | "ids" | "descending" | "status" | "selector">,
) => Promise<{
  readonly hives: HiveRecord[];
  readonly nextAfter: string | null;
  readonly damaged: readonly DamagedHive[];
}>;

/** Whether a hive may be in the list, as far as memory knows. */
export type IsCandidate = (hiveId: string) => boolean;

/** What a walk that reads hives by their ids is made of. */
export interface WalkParts {
  readonly catalog: HiveCatalog;
  readonly find: Find;
  readonly isCandidate: IsCandidate;
}

/** Where the others begin: those without a value, which come last. */
export const OTHERS: Place = { value: null, id: null };

/**
 * The hives with these ids, in that order; each with the place behind it, and `next` behind all. Where they are longer than what is read at once, only the
 * first of them: the others are for the next batch.
 */
export async function batchOf(next: Place | undefined, find: Find, places: ReadonlyMap<string, Place>): Promise<Batch> {
  const wanted = [...places];
  for (let size = wanted.length; size > 0; ) {
    const some = wanted.slice(0, size);
    const { hives, nextAfter, damaged } = await find({ ids: some.map(([id]) => id), limit: size });
    if (hives.length < size && nextAfter !== null && size > 1) {
      size = Math.max(1, Math.min(hives.length, size - 1));
      continue;
    }
    const byId = new Map(hives.map((hive) => [hive.id, hive]));
    const entries = some.flatMap(([id, place]) => {
      const hive = byId.get(id);
      return hive === undefined ? [] : [{ hive, place }];
    });
    return { entries, next: size < wanted.length ? some.at(-1)?.[1] : next, damaged };
  }
  return { entries: [], next, damaged: [] };
}
