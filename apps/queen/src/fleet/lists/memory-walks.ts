import { firstPlace } from "../../process/binary-search.ts";
import type { Snapshot } from "./snapshots.ts";
import { type Batch, batchOf, OTHERS, type Place, type Walk, type WalkParts } from "./walk.ts";

interface Parts extends WalkParts {
  readonly snapshot: Snapshot;
}

/** Ids that are scanned for one batch. */
const MAX_SCANNED = 1000;

/** Through a snapshot, whose places are counted; then all others by id. */
export function walkBySnapshot(parts: Parts): Walk {
  return {
    snapshot: parts.snapshot.name,
    read: (place, size) => {
      if (place?.value === null) return batchOfOthers(parts, place.id ?? undefined, size);
      const placeBehind = (position: number): Place => ({ value: String(position + 1), id: null });
      return batchOfSnapshot(parts, { from: Number(place?.value ?? 0), size, placeBehind, end: OTHERS });
    },
  };
}

/** Live hives alone, by id. */
export function walkByLiveId(parts: Parts, { descending }: { descending: boolean }): Walk {
  const { ids } = parts.snapshot;
  const placeBehind = (position: number): Place => ({ value: null, id: ids[position] ?? null });
  const isBehind = (id: string, place: string) => (descending ? id < place : id > place);
  return {
    read: (place, size) => {
      const after = place?.id ?? null;
      const from = after === null ? 0 : firstPlace(ids.length, (position) => isBehind(ids[position] ?? "", after));
      return batchOfSnapshot(parts, { from, size, placeBehind, end: undefined });
    },
  };
}

interface Slice {
  readonly from: number;
  readonly size: number;
  /** To go on behind the hive at that position. */
  placeBehind(position: number): Place;
  /** Behind the last. */
  readonly end: Place | undefined;
}

async function batchOfSnapshot({ find, snapshot, isCandidate }: Parts, slice: Slice): Promise<Batch> {
  const { from, size, placeBehind, end } = slice;
  const { ids } = snapshot;
  const places = new Map<string, Place>();
  let position = from;
  for (; position < ids.length && position - from < MAX_SCANNED && places.size < size; position++) {
    const id = ids[position] ?? "";
    if (isCandidate(id)) places.set(id, placeBehind(position));
  }
  const next = position < ids.length ? placeBehind(position - 1) : end;
  return await batchOf(next, find, places);
}

/** Those that are in no snapshot: from the ids alone, of which most are in it. */
async function batchOfOthers(
  { catalog, find, snapshot, isCandidate }: Parts,
  after: string | undefined,
  size: number,
): Promise<Batch> {
  const ids = await catalog.listHiveIds({ limit: MAX_SCANNED, after });
  const others = ids.filter((id) => !snapshot.members.has(id) && isCandidate(id));
  const taken = others.slice(0, size);
  const isWhole = taken.length === others.length;
  const last = isWhole ? ids.at(-1) : taken.at(-1);
  const places = new Map(taken.map((id) => [id, { value: null, id }]));
  const isEnd = last === undefined || (isWhole && ids.length < MAX_SCANNED);
  return await batchOf(isEnd ? undefined : { value: null, id: last }, find, places);
}
