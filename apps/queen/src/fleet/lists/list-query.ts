import type { DamagedHive, FindOptions, HiveStatus } from "@repo/hive-catalog";
import type { Fleet } from "../fleet.ts";
import type { FleetRow } from "../fleet-rows.ts";
import { isUnreachable } from "../liveness/sight.ts";
import type { IsCandidate } from "./walk.ts";

/** By what a list is sorted: by the first two as the catalog has it, by the others as memory does. */
export const SORTS = ["id", "status", "free_vram", "load", "last_beat"] as const;

/** Which hives a list has, and in which order. */
export interface ListQuery {
  /** What the catalog is asked for. */
  readonly conditions: Pick<FindOptions, "selector" | "gpu" | "ram" | "cores" | "cordoned" | "text" | "ids"> & {
    /** Those with one of these alone. */
    readonly status?: readonly HiveStatus[] | undefined;
  };
  readonly takesWork?: boolean | undefined;
  readonly onProbation?: boolean | undefined;
  readonly unreachable?: boolean | undefined;
  readonly notBeating?: boolean | undefined;
  /** That one of its workers serves. */
  readonly model?: string | undefined;
  readonly minFreeVramBytes?: number | undefined;
  readonly sort: (typeof SORTS)[number];
  readonly descending: boolean;
  /** The key of a label, by whose values it is sorted instead. */
  readonly groupBy?: string | undefined;
  readonly onCorruptHive: (damaged: DamagedHive) => void;
}

/** Whether it asks for hives that are live here: then no other one is read. */
export const isOfLive = ({ takesWork, model, minFreeVramBytes }: ListQuery): boolean =>
  takesWork === true || model !== undefined || minFreeVramBytes !== undefined;

/** Whether few of the hives that are read may be in the list: then many are read for a short page, too. */
export const isSelective = (query: ListQuery): boolean =>
  isOfLive(query) ||
  query.onProbation === true ||
  query.unreachable === true ||
  query.notBeating === true ||
  query.conditions.ids !== undefined;

/**
 * Leaves out most hives by what memory tells at once, before their records are read, or rows are made of them, for which labels and operations are read as well:
 * a page that goes through 5,000 hives of which none is meant takes a third of the time so, as measured. `isInList` holds each row that was made to all of it. Of `ids` only the walks that read hives by ids of their own need to be told.
 */
export function candidatesOf(query: ListQuery, fleet: Fleet): IsCandidate {
  const { model, onProbation, unreachable, notBeating } = query;
  const ids = query.conditions.ids && new Set(query.conditions.ids);
  const ofLive = isOfLive(query);
  return (id) => {
    if (ids?.has(id) === false) return false;
    const sight = fleet.sight(id);
    if (onProbation === true && sight?.probation === undefined) return false;
    if (unreachable === true && (sight === undefined || !isUnreachable(sight))) return false;
    if (notBeating === true && (sight === undefined || fleet.notBeating(sight) === null)) return false;
    if (!ofLive) return true;
    const heard = fleet.registry.get(id);
    return heard?.live === true && (model === undefined || heard.workers.some(({ modelId }) => modelId === model));
  };
}

/** Whether the row meets what the catalog was not asked for. */
export function isInList(query: ListQuery, row: FleetRow): boolean {
  const { takesWork, onProbation, unreachable, notBeating, model, minFreeVramBytes } = query;
  if (takesWork !== undefined && (row.whyNot === null) !== takesWork) return false;
  if (onProbation !== undefined && (row.probationUntilMs !== null) !== onProbation) return false;
  const failing = { status: row.hive.status, unreachableSinceMs: row.unreachableSinceMs ?? undefined };
  if (unreachable !== undefined && isUnreachable(failing) !== unreachable) return false;
  if (notBeating !== undefined && (row.notBeating !== null) !== notBeating) return false;
  if (model !== undefined && row.said.models?.includes(model) !== true) return false;
  return minFreeVramBytes === undefined || (row.said.vram.freeBytes ?? -1) >= minFreeVramBytes;
}
