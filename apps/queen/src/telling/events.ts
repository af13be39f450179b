import type { EventData } from "./event-data.ts";

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

  publish<Type extends keyof EventData>(type: Type, data: EventData[Type]): void {
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
