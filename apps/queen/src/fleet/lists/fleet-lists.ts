import { type DamagedHive, type FindOptions, type HiveCatalog, type HiveStatus, labelOf } from "@repo/hive-catalog";
import type { Clock } from "../../process/clock.ts";
import type { Fleet } from "../fleet.ts";
import type { FleetRow, FleetRows } from "../fleet-rows.ts";
import { walkById, walkByLabel, walkByStatus } from "./catalog-walks.ts";
import { ListError } from "./errors.ts";
import { walkByLiveId, walkBySnapshot } from "./memory-walks.ts";
import { type Snapshot, Snapshots } from "./snapshots.ts";
import { isUnreachable, Totals } from "./totals.ts";
import type { Find, IsCandidate, Place, Walk } from "./walk.ts";

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

/** Where a list goes on, and what it was begun with. */
export interface Cursor {
  readonly place: Place;
  /** The newest revision before its first page was read. */
  readonly since: number;
  /** The order that memory made for it. */
  readonly snapshot: number | null;
}

interface Parts {
  catalog: HiveCatalog;
  fleet: Fleet;
  rows: FleetRows;
  clock: Clock;
}

/** Hives that are read at once. */
const BATCH_SIZE = 100;
/** Of a page: what is not found until then is left for the next one. */
const MAX_BATCHES = 50;

/** Lists of the fleet, in any order, and how many hives there are in each state. */
export class FleetLists {
  readonly totals: Totals;
  readonly #parts: Parts;
  readonly #snapshots: Snapshots;

  constructor(parts: Parts, snapshots = new Snapshots(parts)) {
    this.#parts = parts;
    this.#snapshots = snapshots;
    this.totals = new Totals(parts);
  }

  /** The page of a list that goes on at `cursor`; without one, the first. Throws ListError. */
  async open(query: ListQuery, cursor?: Cursor): Promise<FleetPage> {
    const { revisions } = this.#parts.fleet;
    const since = cursor?.since ?? revisions.newest;
    const snapshot = await this.#snapshotFor(query, cursor);
    const isCandidate = candidatesOf(query, this.#parts.fleet);
    const walk = this.#walk(query, snapshot, isCandidate);
    if (walk.stands !== undefined && !revisions.knows(since)) {
      throw new ListError("LIST_EXPIRED", "So much changed since this list was begun: begin anew, without `after`");
    }
    const start = { place: cursor?.place, since, snapshot: isRanked(query) ? (snapshot?.name ?? null) : null };
    return new FleetPage({ ...this.#parts, query, walk, isCandidate, ...start });
  }

  async #snapshotFor(query: ListQuery, cursor: Cursor | undefined): Promise<Snapshot | undefined> {
    const { sort, descending, groupBy } = query;
    if (groupBy !== undefined) return undefined;
    if (isRanked(query)) {
      if (cursor !== undefined) return this.#snapshots.named(cursor.snapshot ?? -1);
      return await this.#snapshots.newest(sort as Exclude<typeof sort, "status">, descending);
    }
    if (sort !== "id" || !asksMemory(query) || query.conditions.ids !== undefined) return undefined;
    return await this.#snapshots.newest("id", descending).catch((error: unknown) => {
      // Too many: then the catalog is gone through.
      if (error instanceof ListError) return undefined;
      throw error;
    });
  }

  #walk(query: ListQuery, snapshot: Snapshot | undefined, isCandidate: IsCandidate): Walk {
    const { catalog } = this.#parts;
    const { conditions, groupBy, sort, descending } = query;
    const find: Find = async (options) => {
      const damaged: DamagedHive[] = [];
      const onCorruptHive = (hive: DamagedHive) => void damaged.push(hive);
      return { ...(await catalog.findHives({ ...conditions, onCorruptHive, ...options })), damaged };
    };
    const parts = { catalog, find, isCandidate };
    if (groupBy !== undefined) return walkByLabel({ ...parts, key: groupBy, selector: conditions.selector });
    if (sort === "status") return walkByStatus(find, { descending, only: conditions.status });
    if (snapshot === undefined) return walkById(find, { descending });
    if (sort === "id") return walkByLiveId({ ...parts, snapshot }, { descending });
    return walkBySnapshot({ ...parts, snapshot });
  }
}

interface PageParts extends Parts {
  readonly query: ListQuery;
  readonly walk: Walk;
  readonly isCandidate: IsCandidate;
  readonly place: Place | undefined;
  readonly since: number;
  readonly snapshot: number | null;
}

/** One page of a list, read in batches. */
class FleetPage {
  readonly #parts: PageParts;
  #place: Place | undefined;
  #isEnd = false;
  #batches = 0;
  /** Hives that were scanned at. */
  scanned = 0;

  constructor(parts: PageParts) {
    this.#parts = parts;
    this.#place = parts.place;
  }

  /** The next rows, `limit` at most. */
  async read(limit: number): Promise<FleetRow[]> {
    const { query, walk, isCandidate, rows, clock } = this.#parts;
    const size = isSelective(query) ? BATCH_SIZE : Math.min(BATCH_SIZE, limit);
    const readAtMs = clock.monotonicNow();
    const { entries, next, damaged } = await walk.read(this.#place, size);
    for (const hive of damaged) query.onCorruptHive(hive);
    const wanted = entries.filter(({ hive }) => isCandidate(hive.id));
    const hives = wanted.map(({ hive }) => hive);
    const made = new Map((await rows.of(hives, readAtMs)).map((row) => [row.hive.id, row]));
    this.#batches += 1;
    this.scanned += entries.length;
    this.#place = next;
    this.#isEnd = next === undefined;
    const found: FleetRow[] = [];
    for (const { hive, place } of wanted) {
      const row = made.get(hive.id);
      if (row === undefined || !isMet(query, row) || !this.#stands(row, place)) continue;
      if (found.length === limit) break;
      found.push(row);
      if (found.length < limit || entries.at(-1)?.hive === hive) continue;
      this.#place = place;
      this.#isEnd = false;
    }
    return found;
  }

  /** Whether it is left to the next page to go on. */
  get isOver(): boolean {
    return this.#isEnd || this.#batches >= MAX_BATCHES;
  }

  /** Where the next page begins; undefined where there is none. */
  get cursor(): Cursor | undefined {
    const { since, snapshot } = this.#parts;
    return this.#isEnd || this.#place === undefined ? undefined : { place: this.#place, since, snapshot };
  }

  /** One that changed may have stood elsewhere on an earlier page, and of one that has other values than are known here a change will be told. */
  #stands(row: FleetRow, place: Place): boolean {
    const { walk, fleet, since, query } = this.#parts;
    if (walk.stands === undefined) return true;
    const { id, status } = row.hive;
    if (!walk.stands(row, place) || fleet.revisions.hasChanged(id, since)) return false;
    if (query.groupBy === undefined) return fleet.sight(id)?.status === status;
    return fleet.traits.mayHave(id, query.groupBy, labelOf(row.labels, query.groupBy));
  }
}

const isRanked = ({ sort, groupBy }: ListQuery): boolean => groupBy === undefined && sort !== "id" && sort !== "status";

/** Whether it asks for hives that are live here. */
const asksMemory = ({ takesWork, model, minFreeVramBytes }: ListQuery): boolean =>
  takesWork === true || model !== undefined || minFreeVramBytes !== undefined;

/** Whether few of the hives that the catalog finds may be what is scanned for. */
const isSelective = (query: ListQuery): boolean =>
  asksMemory(query) ||
  query.onProbation === true ||
  query.unreachable === true ||
  query.notBeating === true ||
  query.conditions.ids !== undefined;

/** Most hives are told apart by what is cheap to know. */
function candidatesOf(query: ListQuery, fleet: Fleet): IsCandidate {
  const { model, onProbation, unreachable, notBeating } = query;
  const ids = query.conditions.ids && new Set(query.conditions.ids);
  const isLive = asksMemory(query);
  return (id) => {
    if (ids?.has(id) === false) return false;
    const sight = fleet.sight(id);
    if (onProbation === true && sight?.probation === undefined) return false;
    if (unreachable === true && (sight === undefined || !isUnreachable(sight))) return false;
    if (notBeating === true && (sight === undefined || fleet.notBeating(sight) === null)) return false;
    if (!isLive) return true;
    const heard = fleet.registry.get(id);
    return heard?.live === true && (model === undefined || heard.workers.some(({ modelId }) => modelId === model));
  };
}

function isMet(query: ListQuery, row: FleetRow): boolean {
  const { takesWork, onProbation, unreachable, notBeating, model, minFreeVramBytes } = query;
  if (takesWork !== undefined && (row.whyNot === null) !== takesWork) return false;
  if (onProbation !== undefined && (row.probationUntilMs !== null) !== onProbation) return false;
  const failing = { status: row.hive.status, unreachableSinceMs: row.unreachableSinceMs ?? undefined };
  if (unreachable !== undefined && isUnreachable(failing) !== unreachable) return false;
  if (notBeating !== undefined && (row.notBeating !== null) !== notBeating) return false;
  if (model !== undefined && row.said.models?.includes(model) !== true) return false;
  return minFreeVramBytes === undefined || (row.said.vram.freeBytes ?? -1) >= minFreeVramBytes;
}
