import { type DamagedHive, labelOf } from "@repo/hive-catalog";
import type { Fleet } from "../fleet.ts";
import type { FleetRow, FleetRows } from "../fleet-rows.ts";
import type { FleetParts } from "../parts.ts";
import { walkById, walkByLabel, walkByStatus } from "./catalog-walks.ts";
import { ListError } from "./errors.ts";
import { candidatesOf, isInList, isOfLive, isSelective, type ListQuery } from "./list-query.ts";
import { walkByLiveId, walkBySnapshot } from "./memory-walks.ts";
import { Reused } from "./reused.ts";
import { Snapshots } from "./snapshots.ts";
import { countFleet } from "./totals.ts";
import type { Find, IsCandidate, Place, Walk } from "./walk.ts";

/** Where a list goes on, and what it was begun with. */
export interface Cursor {
  readonly place: Place;
  /** The newest revision before its first page was read. */
  readonly since: number;
  /** The order that memory made for it. */
  readonly snapshot: number | null;
}

interface Parts extends Pick<FleetParts, "catalog" | "clock"> {
  fleet: Fleet;
  rows: FleetRows;
}

/** Hives that are read at once. */
const BATCH_SIZE = 100;
/** Of a page: what is not found until then is left for the next one. */
const MAX_BATCHES = 50;

/** Lists of the fleet, in any order, and how many hives there are in each state. */
export class FleetLists {
  readonly #parts: Parts;
  readonly #snapshots: Snapshots;
  readonly #totals: Reused<Awaited<ReturnType<typeof countFleet>>>;

  constructor(parts: Parts, snapshots = new Snapshots(parts)) {
    this.#parts = parts;
    this.#snapshots = snapshots;
    this.#totals = new Reused(parts.clock, () => countFleet(parts));
  }

  /** Of the whole fleet. Those who ask soon after one another are told the same, unless a caller of this queen has changed something meanwhile. */
  totals() {
    return this.#totals.get(this.#parts.fleet.ownChanges);
  }

  /** The page of a list that goes on at `cursor`; without one, the first. Throws ListError. */
  async open(query: ListQuery, cursor?: Cursor): Promise<FleetPage> {
    const { fleet } = this.#parts;
    const since = cursor?.since ?? fleet.revisions.newest;
    const isCandidate = candidatesOf(query, fleet);
    const walk = await this.#walk(query, isCandidate, cursor);
    if (walk.stands !== undefined && !fleet.revisions.knows(since)) {
      throw new ListError("LIST_EXPIRED", "So much changed since this list was begun: begin anew, without `after`");
    }
    return new FleetPage({ ...this.#parts, query, walk, isCandidate, place: cursor?.place, since });
  }

  async #walk(query: ListQuery, isCandidate: IsCandidate, cursor: Cursor | undefined): Promise<Walk> {
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
    if (sort !== "id") {
      const snapshot = cursor
        ? this.#snapshots.named(cursor.snapshot ?? -1)
        : await this.#snapshots.newest(sort, descending);
      return walkBySnapshot({ ...parts, snapshot });
    }
    const isOfLiveIds = isOfLive(query) && conditions.ids === undefined;
    const snapshot = isOfLiveIds ? await this.#snapshots.newest("id", descending).catch(unlessTooMany) : undefined;
    return snapshot ? walkByLiveId({ ...parts, snapshot }, { descending }) : walkById(find, { descending });
  }
}

/** Then the catalog is gone through. */
function unlessTooMany(error: unknown): undefined {
  if (!(error instanceof ListError)) throw error;
}

interface PageParts extends Parts {
  readonly query: ListQuery;
  readonly walk: Walk;
  readonly isCandidate: IsCandidate;
  readonly place: Place | undefined;
  readonly since: number;
}

/** One page of a list, read in batches. */
class FleetPage {
  readonly #parts: PageParts;
  #place: Place | undefined;
  #isEnd = false;
  #batches = 0;
  /** Hives that were read. */
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
    const made = await rows.of(hives, readAtMs);
    this.#batches += 1;
    this.scanned += entries.length;
    this.#place = next;
    this.#isEnd = next === undefined;
    const found: FleetRow[] = [];
    for (const { hive, place } of wanted) {
      const row = made.get(hive.id);
      if (row === undefined || !isInList(query, row) || !this.#stands(row, place)) continue;
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
    const { since, walk } = this.#parts;
    if (this.#isEnd || this.#place === undefined) return undefined;
    return { place: this.#place, since, snapshot: walk.snapshot ?? null };
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
