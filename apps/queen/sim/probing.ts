/** A probe that hangs ends at this deadline, as in `queen.ts`. */
const DEADLINE_MS = 5000;

interface Options {
  readonly hives: number;
  readonly intervalMs: number;
  /** How many probes run at once, and after how long one that hangs gives its place to the next, as in `fleet/probe-scheduler.ts`. */
  readonly places: number;
  readonly slowAfterMs: number;
  /** How long an answer takes. */
  readonly answerMs: number;
  /** What a probe that begins now will show; undefined when it is not sent. */
  readonly outcomeOf: (hive: number) => "answered" | "failed" | "hangs" | undefined;
  readonly tell: (hive: number, outcome: "answered" | "failed", startedAtMs: number, endedAtMs: number) => void;
}

/** Probes the fleet in rounds as the watch does, some at a time, so that hives that hang hold the others up here too. */
export class Probing {
  readonly #options: Options;
  readonly #places: Float64Array;
  #hanging: { hive: number; startedAtMs: number }[] = [];
  #position: number;
  #roundBeganMs = Number.NEGATIVE_INFINITY;

  constructor(options: Options) {
    this.#options = options;
    this.#places = new Float64Array(options.places);
    this.#position = options.hives;
  }

  /** The queen was restarted: what was under way is gone, and a round begins at once. */
  restart(): void {
    this.#hanging = [];
    this.#position = this.#options.hives;
    this.#roundBeganMs = Number.NEGATIVE_INFINITY;
  }

  /** Goes on until `nowMs`. */
  advance(nowMs: number): void {
    this.#endHanging(nowMs);
    const { hives, intervalMs } = this.#options;
    if (this.#position >= hives && this.#hanging.length === 0 && nowMs - this.#roundBeganMs >= intervalMs) {
      this.#roundBeganMs = nowMs;
      this.#position = 0;
      this.#places.fill(nowMs);
    }
    for (let place = 0; place < this.#places.length; place += 1) {
      while ((this.#places[place] ?? 0) <= nowMs && this.#position < hives) this.#probe(place, nowMs);
    }
  }

  #probe(place: number, nowMs: number): void {
    const hive = this.#position++;
    const startedAtMs = Math.max(this.#places[place] ?? 0, this.#roundBeganMs);
    const outcome = this.#options.outcomeOf(hive);
    if (outcome === undefined) return;
    if (outcome === "hangs") {
      this.#hanging.push({ hive, startedAtMs: nowMs });
      this.#places[place] = nowMs + this.#options.slowAfterMs;
      return;
    }
    this.#options.tell(hive, outcome, nowMs, nowMs);
    this.#places[place] = startedAtMs + this.#options.answerMs;
  }

  /** They began one after the other, so they end in that order. */
  #endHanging(nowMs: number): void {
    let ended = 0;
    for (const { hive, startedAtMs } of this.#hanging) {
      if (nowMs - startedAtMs < DEADLINE_MS) break;
      this.#options.tell(hive, "failed", startedAtMs, nowMs);
      ended += 1;
    }
    if (ended > 0) this.#hanging = this.#hanging.slice(ended);
  }
}
