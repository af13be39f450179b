import type { FindOptions, HiveRecord } from "@repo/hive-catalog";
import type { FleetRow } from "../fleet-rows.ts";

/** Behind which hive a list goes on: a pair of what it is ordered by, and an id. What each of them is, its walk knows. */
export interface Place {
  readonly value: string | null;
  readonly id: string | null;
}

/** Some of the hives of a list, in its order. */
export interface Step {
  readonly entries: readonly { readonly hive: HiveRecord; readonly place: Place }[];
  /** Where it goes on; undefined at the end. There may be more, although there are no entries. */
  readonly next: Place | undefined;
}

/** A way through the fleet, in one order. */
export interface Walk {
  /** The next hives, `size` at most; from the beginning on without a place. */
  step(place: Place | undefined, size: number): Promise<Step>;
  /** Of an order whose values change: whether the row shows the value for which it stands at that place. */
  stands?(row: FleetRow, place: Place): boolean;
}

/** Finds hives by all that the catalog is asked for. */
export type Find = (
  options: Pick<FindOptions, "after" | "limit" | "ids" | "descending" | "status" | "selector">,
) => Promise<{
  readonly hives: HiveRecord[];
  readonly nextAfter: string | null;
}>;

/** Whether a hive may be in the list, as far as memory knows. */
export type IsCandidate = (hiveId: string) => boolean;

/** Where the others begin: those without a value, which come last. */
export const OTHERS: Place = { value: null, id: null };

/** The hives with these ids, in that order; each with the place behind it. */
export async function entriesOf(find: Find, places: ReadonlyMap<string, Place>): Promise<Step["entries"]> {
  if (places.size === 0) return [];
  const ids = [...places.keys()];
  const byId = new Map<string, HiveRecord>();
  // A page may be short: all are needed, because their order is another.
  for (let after: string | undefined; ; ) {
    const { hives, nextAfter } = await find({ ids, limit: places.size, ...(after !== undefined && { after }) });
    for (const hive of hives) byId.set(hive.id, hive);
    if (nextAfter === null || byId.size === places.size) break;
    after = nextAfter;
  }
  return [...places].flatMap(([id, place]) => {
    const hive = byId.get(id);
    return hive === undefined ? [] : [{ hive, place }];
  });
}
