import type { Hold, HoldEnd } from "./hold.ts";

/** Something that the whole queen went through, for the log and the events. */
export type Notice =
  | { readonly kind: "stalled" | "suspended" | "network_back"; readonly forMs: number }
  | { readonly kind: "mass_failure" | "network_lost"; readonly missing: number; readonly online: number }
  | { readonly kind: "resumed"; readonly how: HoldEnd; readonly missing: number; readonly online: number };

/** Hives that all beat at once leave a gap of one beat. */
const SILENT_BEATS = 1.5;

interface Options {
  readonly nowMs: number;
  /** Something happens at least this often, if only a tick. */
  readonly tickIntervalMs: number;
  /** The time between two beats of a hive. */
  readonly beatMs: number;
  /** Fewer silent hives than a mass failure needs may just as well be gone. */
  readonly minHives: number;
  /** False only in the simulation, which shows what the grace is worth. */
  readonly givesGrace: boolean;
  readonly hold: Hold;
  readonly tell: (notice: Notice) => void;
}

/**
 * Whether the queen herself could hear anything: after her start, a stall, a suspension of the machine or a loss of the network, the silence
 * of every hive counts only from her recovery.
 */
export class Listening {
  readonly #options: Options;
  #graceFromMs: number;
  #activeAtMs: number;
  #ticked: { atMs: number; uptimeMs: number } | undefined;
  #signAtMs: number;
  #failuresSinceSign = 0;
  #lostFromMs: number | undefined;

  constructor(options: Options) {
    this.#options = options;
    this.#graceFromMs = options.givesGrace ? options.nowMs : Number.NEGATIVE_INFINITY;
    this.#activeAtMs = options.nowMs;
    this.#signAtMs = options.nowMs;
  }

  /** No silence counts from before. */
  get graceFromMs(): number {
    return this.#graceFromMs;
  }

  get networkIsLost(): boolean {
    return this.#lostFromMs !== undefined;
  }

  /** Anything happens. If nothing did for long, not even a tick, the queen stood still. */
  wake(nowMs: number): void {
    const { tickIntervalMs, beatMs, tell } = this.#options;
    const idleMs = nowMs - this.#activeAtMs;
    this.#activeAtMs = nowMs;
    if (idleMs < tickIntervalMs + beatMs) return;
    tell({ kind: "stalled", forMs: idleMs });
    this.beginGrace(nowMs);
  }

  /** A tick: while the machine was suspended its uptime went on, and monotonic time did not. */
  tick(nowMs: number, uptimeMs: number): void {
    this.wake(nowMs);
    const last = this.#ticked;
    this.#ticked = { atMs: nowMs, uptimeMs };
    const suspendedMs = last === undefined ? 0 : uptimeMs - last.uptimeMs - (nowMs - last.atMs);
    if (suspendedMs < this.#options.beatMs) return;
    this.#options.tell({ kind: "suspended", forMs: suspendedMs });
    this.beginGrace(nowMs);
  }

  /** A hive showed that it is alive. */
  sign(nowMs: number): void {
    this.wake(nowMs);
    this.#signAtMs = nowMs;
    this.#failuresSinceSign = 0;
    if (this.#lostFromMs !== undefined) this.#networkIsBack(this.#lostFromMs, nowMs);
  }

  /** A probe failed. */
  failed(): void {
    this.#failuresSinceSign += 1;
  }

  /** Looks whether anything at all came, `online` hives being online. */
  lookForNetwork(online: number, nowMs: number): void {
    const { minHives, beatMs } = this.#options;
    const isSilent = nowMs - this.#signAtMs >= SILENT_BEATS * beatMs && this.#failuresSinceSign >= minHives;
    if (online >= minHives && isSilent) this.#lostFromMs ??= this.#signAtMs;
  }

  beginGrace(nowMs: number): void {
    this.#signAtMs = nowMs;
    this.#failuresSinceSign = 0;
    if (this.#options.givesGrace) this.#graceFromMs = nowMs;
  }

  #networkIsBack(lostFromMs: number, nowMs: number): void {
    const { hold, tell } = this.#options;
    this.#lostFromMs = undefined;
    tell({ kind: "network_back", forMs: nowMs - lostFromMs });
    // A network that comes and goes must not put off for ever what is really lost.
    if (hold.isOpen(nowMs)) this.beginGrace(nowMs);
    hold.release();
  }
}
