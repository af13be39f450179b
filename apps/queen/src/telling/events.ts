import { firstPlace } from "../process/binary-search.ts";
import { CHANGES_NO_ROW, type EventData, type EventType } from "./event-data.ts";

/** Where a reader goes on, and what it can no longer be told. */
interface Resumption {
  /** Number of the last event that the reader needs no more. */
  readonly after: number;
  /** Why events may be missing before that; undefined when none is. */
  readonly gap: "queen_restarted" | "buffer_overflowed" | "unknown_id" | undefined;
}

/** Something that happened, as it is kept. */
export interface LoggedEvent {
  readonly n: number;
  readonly type: EventType;
  /** undefined of what happened to the queen herself. */
  readonly hiveId: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;
}

interface Stretch {
  readonly events: readonly LoggedEvent[];
  /** Number of the last event that was scanned. */
  readonly upTo: number;
}

const CAPACITY = 10_000;
/** Scanned in one go, by whoever wants only some of them. */
const MAX_SCANNED = 2000;
/** What every beat may bring: of each hive the newest alone is told, and of several hives at a time. */
const UNHURRIED = "workers" satisfies EventType;
const UNHURRIED_MS = 100;
/** The start of a queen, and a number. */
export const EVENT_ID = /^([0-9a-z]+)-(\d{1,15})$/;

/** Of these a later one of the same hive says all that an earlier one did, so that only the newest is sure to be kept, and none pushes another event out. */
const LATEST_ALONE: readonly EventType[] = ["workers", "operation_step"];

/**
 * The last events of this start of the queen, numbered from 1, for whoever reads `GET /v1/events`. Nothing is kept for a single reader: one
 * that falls out of this buffer has missed something, and is told so. Where a reader is, the rest of the queen knows by ids or numbers that it
 * got from here.
 */
export class EventLog {
  /** Unlike that of any other start of the queen. */
  readonly start: string;
  readonly #now: () => number;
  readonly #capacity: number;
  readonly #readers = new Set<() => void>();
  /** In order. Some of them are outdated, and some more than are promised. */
  #kept: LoggedEvent[] = [];
  /** Of each hive. */
  readonly #latest = new Map(LATEST_ALONE.map((type) => [type, new Map<string | undefined, LoggedEvent>()]));
  #newest = 0;
  #lastGone = 0;
  #waking: NodeJS.Immediate | undefined;
  #wakingLater: NodeJS.Timeout | undefined;

  constructor(now: () => number, { capacity = CAPACITY } = {}) {
    this.#now = now;
    this.#capacity = capacity;
    this.start = Math.floor(now()).toString(36) + Math.random().toString(36).slice(2, 8);
  }

  publish<Type extends EventType>(type: Type, data: EventData[Type]): void {
    const { hive_id: hiveId }: { hive_id?: string } = data;
    const event: LoggedEvent = { n: ++this.#newest, type, hiveId, data: { at_ms: this.#now(), ...data } };
    this.#latest.get(type)?.set(hiveId, event);
    if (type === "hive_removed") for (const latest of this.#latest.values()) latest.delete(hiveId);
    this.#kept.push(event);
    if (this.#kept.length >= 2 * (this.#capacity + this.#latestCount)) this.#dropOld();
    this.#wakeReaders(type === UNHURRIED);
  }

  /** Number of the newest event; 0 when there is none yet. */
  get newest(): number {
    return this.#newest;
  }

  /** Id of the newest event: whoever knows all that happened until now goes on after it. */
  get position(): string {
    return this.idOf(this.#newest);
  }

  idOf(n: number): string {
    return `${this.start}-${n}`;
  }

  /** The first events after that one for which `isWanted`, `limit` at most. */
  after(n: number, limit: number, isWanted: (event: LoggedEvent) => boolean = () => true): Stretch {
    const events: LoggedEvent[] = [];
    const first = firstPlace(this.#kept.length, (place) => (this.#kept[place]?.n ?? 0) > n);
    for (const event of this.#kept.slice(first, first + MAX_SCANNED)) {
      if ((event.type === UNHURRIED && this.#isOutdated(event)) || !isWanted(event)) continue;
      events.push(event);
      if (events.length === limit) return { events, upTo: event.n };
    }
    return { events, upTo: this.#kept[first + MAX_SCANNED - 1]?.n ?? this.#newest };
  }

  /** Whether something that happened after that event is no longer kept, and nothing that is kept says the same. */
  isGone(n: number): boolean {
    return n < this.#lastGone;
  }

  tellsOfRemoval(hiveId: string): boolean {
    return this.#kept.some((event) => event.type === "hive_removed" && event.hiveId === hiveId);
  }

  /** Where a reader goes on whose last event had this id. */
  resume(lastEventId: string): Resumption {
    const [, start, digits] = EVENT_ID.exec(lastEventId) ?? [];
    const seen = Number(digits);
    const lastGone = this.#lastGone;
    if (start === undefined || (start === this.start && seen > this.#newest)) {
      return { after: lastGone, gap: "unknown_id" };
    }
    if (start !== this.start) return { after: lastGone, gap: "queen_restarted" };
    return this.isGone(seen) ? { after: lastGone, gap: "buffer_overflowed" } : { after: seen, gap: undefined };
  }

  /** Calls `wake` soon after something was published, once for all that came in one turn. Returns what ends that. */
  subscribe(wake: () => void): () => void {
    this.#readers.add(wake);
    return () => void this.#readers.delete(wake);
  }

  #isOutdated(event: LoggedEvent): boolean {
    const latest = this.#latest.get(event.type);
    return latest !== undefined && latest.get(event.hiveId) !== event;
  }

  get #latestCount(): number {
    let count = 0;
    for (const { size } of this.#latest.values()) count += size;
    return count;
  }

  #dropOld(): void {
    const current = this.#kept.filter((event) => !this.#isOutdated(event));
    let surplus = current.length - this.#latestCount - this.#capacity;
    this.#kept = current.filter(({ n, type }) => {
      if (surplus <= 0 || this.#latest.has(type)) return true;
      surplus -= 1;
      this.#lastGone = n;
      return false;
    });
  }

  #wakeReaders(isUnhurried: boolean): void {
    if (this.#waking !== undefined || this.#readers.size === 0) return;
    if (isUnhurried) this.#wakingLater ??= setTimeout(() => this.#wake(), UNHURRIED_MS).unref();
    else this.#waking = setImmediate(() => this.#wake());
  }

  #wake(): void {
    clearTimeout(this.#wakingLater);
    this.#wakingLater = undefined;
    this.#waking = undefined;
    for (const wake of this.#readers) wake();
  }
}

export interface EventFilter {
  /** The same for all that ask for the same. */
  readonly key: string;
  wants(event: LoggedEvent): boolean;
}

/** Those of these hives and of these types; all where none is named, but for what changes no row. What happens to the queen herself is of no hive. */
export function eventFilter(hives: readonly string[], types: readonly EventType[]): EventFilter {
  const [ofHives, ofTypes] = [new Set(hives), new Set(types)];
  return {
    key: JSON.stringify([[...ofHives].sort(), [...ofTypes].sort()]),
    wants: ({ hiveId, type }) =>
      (ofHives.size === 0 || (hiveId !== undefined && ofHives.has(hiveId))) &&
      (ofTypes.size === 0 ? type !== CHANGES_NO_ROW : ofTypes.has(type)),
  };
}
