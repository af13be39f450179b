import { type Census, type Held, Hold } from "./hold.ts";
import { type ConditionOptions, Listening, type Notice } from "./listening.ts";

/** What the queen makes of her own state. */
export interface Condition {
  readonly state: "watching" | "grace" | "mass_failure" | "network_lost";
  /** Monotonic, like `untilMs`: when the state ends by itself at the latest. */
  readonly sinceMs: number | undefined;
  readonly untilMs: number | undefined;
  readonly missing: number;
  readonly online: number;
}

/** Whether the queen may trust what she sees of the fleet: what she heard, and how much is missing at once. */
export class OwnCondition {
  readonly listening: Listening;
  readonly #options: ConditionOptions;
  readonly #hold: Hold;
  readonly #notices: Notice[] = [];
  #census: Census = { online: 0, missing: 0, networkLost: false };

  constructor(options: ConditionOptions) {
    this.#options = options;
    this.#hold = new Hold(options.settings);
    this.listening = new Listening(options, this.#hold, (notice) => void this.#notices.push(notice));
  }

  /** Why no hive is marked offline for now; undefined when they are. */
  get held(): Held | undefined {
    return this.#hold.held;
  }

  marked(nowMs: number): void {
    this.#hold.marked(nowMs);
  }

  /** Judges a look over the whole fleet: so many hives are online, so many of them on the way to be marked offline. */
  assess(online: number, missing: number, nowMs: number): void {
    this.listening.lookForNetwork(online, nowMs);
    this.#census = { online, missing, networkLost: this.listening.networkIsLost };
    if (!this.#options.rules.guard) return;
    const was = this.held?.cause;
    const how = this.#hold.assess(this.#census, nowMs);
    if (how !== undefined) this.#notices.push({ kind: "resumed", how, missing, online });
    // What has not come back yet gets as long as what has.
    if (how === "returned") this.listening.beginGrace(nowMs);
    const cause = this.held?.cause;
    if (cause !== undefined && cause !== was) this.#notices.push({ kind: cause, missing, online });
  }

  /** An operator says that the missing hives are gone. Returns how many, or undefined when nothing is held back. */
  confirm(nowMs: number): { missing: number; online: number } | undefined {
    if (!this.#hold.confirm(nowMs)) return undefined;
    const { missing, online } = this.#census;
    this.#notices.push({ kind: "resumed", how: "confirmed", missing, online });
    return { missing, online };
  }

  /** What happened since they were taken last. */
  takeNotices(): readonly Notice[] {
    return this.#notices.splice(0);
  }

  at(nowMs: number): Condition {
    const { missing, online } = this.#census;
    const { held } = this;
    if (held !== undefined) return { state: held.cause, sinceMs: held.sinceMs, untilMs: held.untilMs, missing, online };
    const { graceFromMs: sinceMs } = this.listening;
    const untilMs = sinceMs + this.#options.settings.staleAfterMs;
    if (nowMs < untilMs) return { state: "grace", sinceMs, untilMs, missing, online };
    return { state: "watching", sinceMs: undefined, untilMs: undefined, missing, online };
  }
}
