import type { HiveStatus } from "@repo/hive-catalog";

/** What the queen may go through as a whole. */
export const NOTICE_KINDS = [
  "stalled",
  "suspended",
  "network_lost",
  "network_back",
  "mass_failure",
  "resumed",
] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** What each kind of event tells, as it travels. `at_ms` is added to all of them. */
export interface EventData {
  status: { hive_id: string; was: HiveStatus; status: HiveStatus; why: string };
  cordon: { hive_id: string; cordoned: boolean; reason: string | null; until_ms: number | null };
  operation: { id: string; hive_id: string; kind: string; state: string };
  hive_added: { hive_id: string; host: string; port: number; status: HiveStatus };
  /** Something else than its status: its address, devices or what is kept for SSH. */
  hive_changed: { hive_id: string };
  hive_removed: { hive_id: string };
  /** What the queen went through as a whole. The counts are of online hives, where they were taken. */
  liveness: { kind: NoticeKind; why: string; missing: number | null; online: number | null };
}
export type EventType = keyof EventData;

/** Where a reader goes on, and what it can no longer be told. */
export interface Resumption {
  /** Number of the last event that the reader needs no more. */
  readonly after: number;
  /** Why events may be missing before that; undefined when none is. */
  readonly gap: "queen_restarted" | "buffer_overflowed" | "unknown_id" | undefined;
}

const CAPACITY = 10_000;
const EVENT_ID = /^([0-9a-z]+)-(\d{1,15})$/;

/**
 * The last events of this start of the queen, numbered from 1, for whoever reads `GET /v1/events`. Nothing is kept for a single reader: one
 * that falls out of this buffer has missed something, and is told so.
 */
export class EventLog {
  /** Unlike that of any other start of the queen. */
  readonly start: string;
  readonly #now: () => number;
  readonly #capacity: number;
  readonly #ring: string[] = [];
  readonly #readers = new Set<() => void>();
  #newest = 0;
  #waking = false;

  constructor(now: () => number, { capacity = CAPACITY } = {}) {
    this.#now = now;
    this.#capacity = capacity;
    this.start = Math.floor(now()).toString(36) + Math.random().toString(36).slice(2, 8);
  }

  publish<Type extends EventType>(type: Type, data: EventData[Type]): void {
    const n = ++this.#newest;
    const json = JSON.stringify({ at_ms: this.#now(), ...data });
    this.#ring[n % this.#capacity] = `id: ${this.idOf(n)}\nevent: ${type}\ndata: ${json}\n\n`;
    this.#wakeReaders();
  }

  /** Number of the newest event; 0 when there is none yet. */
  get newest(): number {
    return this.#newest;
  }

  /** Number of the oldest event that is still kept; one more than `newest` when there is none. */
  get oldest(): number {
    return Math.max(1, this.#newest - this.#capacity + 1);
  }

  idOf(n: number): string {
    return `${this.start}-${n}`;
  }

  /** The event as it is sent; undefined when it is no longer kept, or did not happen yet. */
  textOf(n: number): string | undefined {
    return n >= this.oldest && n <= this.#newest ? this.#ring[n % this.#capacity] : undefined;
  }

  /** Where a reader goes on whose last event had this id. */
  resume(lastEventId: string): Resumption {
    const [, start, digits] = EVENT_ID.exec(lastEventId) ?? [];
    const seen = Number(digits);
    const lastGone = this.oldest - 1;
    if (start === undefined || (start === this.start && seen > this.#newest)) {
      return { after: lastGone, gap: "unknown_id" };
    }
    if (start !== this.start) return { after: lastGone, gap: "queen_restarted" };
    return seen < lastGone ? { after: lastGone, gap: "buffer_overflowed" } : { after: seen, gap: undefined };
  }

  /** Calls `wake` soon after something was published, once for all that came in one turn. Returns what ends that. */
  subscribe(wake: () => void): () => void {
    this.#readers.add(wake);
    return () => void this.#readers.delete(wake);
  }

  #wakeReaders(): void {
    if (this.#waking || this.#readers.size === 0) return;
    this.#waking = true;
    setImmediate(() => {
      this.#waking = false;
      for (const wake of this.#readers) wake();
    });
  }
}
