import { HIVE_STATUSES, type HiveStatus, labelOf } from "@repo/hive-catalog";
import { type Batch, batchOf, type Find, OTHERS, type Place, type Walk, type WalkParts } from "./walk.ts";

/** By id. */
export function walkById(find: Find, { descending }: { descending: boolean }): Walk {
  return { read: (place, size) => batchById((options) => find({ ...options, descending }), place, size, null) };
}

/** By status, then by id. */
export function walkByStatus(
  find: Find,
  { descending, only = HIVE_STATUSES }: { descending: boolean; only: readonly HiveStatus[] | undefined },
): Walk {
  const sorted = HIVE_STATUSES.filter((status) => only.includes(status)).toSorted();
  const statuses = descending ? sorted.reverse() : sorted;
  return {
    read: async (place, size) => {
      const status = statuses.find((other) => other === place?.value) ?? statuses[0];
      if (status === undefined) return { entries: [], next: undefined, damaged: [] };
      const batch = await batchById((options) => find({ ...options, status }), place, size, status);
      const following = statuses[statuses.indexOf(status) + 1];
      return { ...batch, next: batch.next ?? (following && { value: following, id: null }) };
    },
    stands: (row, { value }) => row.hive.status === value,
  };
}

/** By id, those that are at `value` in the order. */
async function batchById(find: Find, place: Place | undefined, size: number, value: string | null): Promise<Batch> {
  const { hives, nextAfter, damaged } = await find({ limit: size, after: place?.id ?? undefined });
  return {
    entries: hives.map((hive) => ({ hive, place: { value, id: hive.id } })),
    next: nextAfter === null ? undefined : { value, id: nextAfter },
    damaged,
  };
}

interface ByLabel extends WalkParts {
  readonly key: string;
  readonly selector: string | undefined;
}

/** The selector of those hives that it chooses and that lack a label. */
export const withoutLabel = (selector: string | undefined, key: string): string =>
  [...(selector?.trim() ? [selector] : []), `!${key}`].join(",");

/** By the value of a label, then by id; those without it last. */
export function walkByLabel({ catalog, find, key, selector, isCandidate }: ByLabel): Walk {
  const withoutKey = withoutLabel(selector, key);
  const labelled = async (place: Place | undefined, size: number): Promise<Batch> => {
    const after = place && { value: place.value ?? "", hiveId: place.id ?? "" };
    const labels = await catalog.labels.withKey(key, { limit: size, after });
    const wanted = labels.filter(({ hiveId }) => isCandidate(hiveId));
    const places = new Map(wanted.map(({ hiveId, value }) => [hiveId, { value, id: hiveId }]));
    const last = labels.at(-1);
    const goesOn = last !== undefined && labels.length === size;
    return await batchOf(goesOn ? { value: last.value, id: last.hiveId } : OTHERS, find, places);
  };
  return {
    read: (place, size) => {
      if (place?.value === null)
        return batchById((options) => find({ ...options, selector: withoutKey }), place, size, null);
      return labelled(place, size);
    },
    stands: ({ labels }, { value }) => (labelOf(labels, key) ?? null) === value,
  };
}
