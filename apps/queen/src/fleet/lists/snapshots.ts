import type { Clock } from "../../process/clock.ts";
import { inBatches } from "../../process/turn.ts";
import type { Fleet } from "../fleet.ts";
import type { Hardware } from "../traits.ts";
import type { Shown } from "../workers/heartbeat.ts";
import type { LiveHive } from "../workers/hive.ts";
import { loadOfAll } from "../workers/load.ts";
import { usageOf } from "../workers/usage.ts";
import { ListError } from "./errors.ts";
import { Reused } from "./reused.ts";
import { sortInTurns } from "./sort-in-turns.ts";

/** What only memory knows, of hives whose beats arrive here; or their ids alone. */
type MemoryOrder = "free_vram" | "load" | "last_beat" | "id";

/** The live hives that have a value, in its order, as it was once. */
export interface Snapshot {
  readonly name: number;
  readonly ids: readonly string[];
  readonly members: ReadonlySet<string>;
}

interface Kept extends Snapshot {
  usedAtMs: number;
}

interface FreeVram {
  readonly reading: LiveHive["reading"];
  readonly devices: Hardware | null;
  readonly freeBytes: number | null;
}

interface Parts {
  fleet: Fleet;
  clock: Clock;
}

/** Beyond so many live hives nothing is sorted. */
const MAX_SORTED = 100_000;
/** For so long after it was used last. */
const KEPT_MS = 60_000;
/** For so long at least a list that begins goes through the one before: whoever begins many makes no more of them, and ends no other list. */
const FRESH_MS = 1000;
/** In all that are kept. */
const MAX_IDS = 1_000_000;
const SCANNED_PER_TURN = 250;

/** Live hives, sorted by what changes with every beat. A list goes through one snapshot to its end, so that none comes twice. */
export class Snapshots {
  readonly #parts: Parts;
  readonly #maxSorted: number;
  readonly #newest = new Map<string, Reused<Kept>>();
  /** The one that was used longest ago first. */
  readonly #kept = new Map<number, Kept>();
  /** By the workers of a beat, which are forgotten with it: most hives have not beaten again when the next snapshot is made. */
  readonly #freeVram = new WeakMap<LiveHive["workers"], FreeVram>();
  #name = 0;

  constructor(parts: Parts, maxSorted = MAX_SORTED) {
    this.#parts = parts;
    this.#maxSorted = maxSorted;
  }

  /** One that is as good as new. Throws ListError. */
  async newest(order: MemoryOrder, isDescending: boolean): Promise<Snapshot> {
    const key = `${order} ${isDescending}`;
    const make = () => this.#make(order, isDescending ? -1 : 1);
    const reused = this.#newest.get(key) ?? new Reused(this.#parts.clock, make, { atLeastMs: FRESH_MS });
    this.#newest.set(key, reused);
    const made = await reused.get();
    // By id a list goes on through the next one as well.
    return order === "id" ? made : this.#use(made);
  }

  /** The one of that name. Throws ListError. */
  named(name: number): Snapshot {
    this.#dropOld();
    const kept = this.#kept.get(name);
    if (kept === undefined)
      throw new ListError("LIST_EXPIRED", "The order of this list is kept no longer: begin anew, without `after`");
    return this.#use(kept);
  }

  #use(snapshot: Kept): Snapshot {
    snapshot.usedAtMs = this.#parts.clock.monotonicNow();
    this.#kept.delete(snapshot.name);
    this.#kept.set(snapshot.name, snapshot);
    this.#dropOld();
    return snapshot;
  }

  #dropOld(): void {
    const keptFromMs = this.#parts.clock.monotonicNow() - KEPT_MS;
    let ids = 0;
    for (const { members } of this.#kept.values()) ids += members.size;
    for (const [name, { usedAtMs, members }] of this.#kept) {
      const isTooMuch = this.#kept.size > 1 && ids > MAX_IDS;
      if (usedAtMs >= keptFromMs && !isTooMuch) return;
      this.#kept.delete(name);
      ids -= members.size;
    }
  }

  async #make(order: MemoryOrder, sign: 1 | -1): Promise<Kept> {
    const found: { id: string; value: number }[] = [];
    for await (const lives of inBatches(this.#parts.fleet.registry.workload(), SCANNED_PER_TURN)) {
      for (const live of lives) {
        const value = this.#valueOf(order, live);
        if (value !== null) found.push({ id: live.id, value });
      }
      if (found.length > this.#maxSorted) {
        const detail = `More than ${this.#maxSorted} hives are live: they are sorted by id and by status alone`;
        throw new ListError("TOO_MANY_TO_SORT", detail);
      }
    }
    const byId = order === "id" ? sign : 1;
    const sorted = await sortInTurns(
      found,
      (left, right) => sign * (left.value - right.value) || (left.id < right.id ? -byId : byId),
    );
    const members = new Set<string>();
    for await (const batch of inBatches(sorted, SCANNED_PER_TURN)) for (const { id } of batch) members.add(id);
    return { name: ++this.#name, ids: [...members], members, usedAtMs: 0 };
  }

  #valueOf(order: MemoryOrder, { id, workers, reading }: LiveHive): number | null {
    const { fleet } = this.#parts;
    if (order === "load") return loadOfAll(workers);
    if (order === "last_beat") return fleet.sight(id)?.beatAtMs ?? null;
    if (order === "free_vram") return this.#freeVramOf({ workers, reading }, fleet.traits.devicesOf(id));
    return 0;
  }

  #freeVramOf(heard: Shown, devices: Hardware | null): number | null {
    const known = this.#freeVram.get(heard.workers);
    if (known?.reading === heard.reading && known.devices === devices) return known.freeBytes;
    const { freeBytes } = usageOf(heard, devices).vram;
    this.#freeVram.set(heard.workers, { reading: heard.reading, devices, freeBytes });
    return freeBytes;
  }
}
