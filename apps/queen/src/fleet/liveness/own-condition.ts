import { type Census, type Held, Hold, type HoldEnd, type HoldSettings } from "./hold.ts";

/** Something that the whole queen went through, for the log and the events. */
export type Notice =
  | { readonly kind: "suspended" | "network_back"; readonly forMs: number }
  /** `busyMs` is the processor time that she herself used meanwhile: so much of it that the stall was of her own making, or not. */
  | { readonly kind: "stalled"; readonly forMs: number; readonly busyMs: number; readonly isOwn: boolean }
  | { readonly kind: "mass_failure" | "network_lost"; readonly missing: number; readonly online: number }
  | { readonly kind: "resumed"; readonly how: HoldEnd; readonly missing: number; readonly online: number };

/** What the queen makes of her own state. */
export interface Condition {
  readonly state: "watching" | "grace" | "mass_failure" | "network_lost";
  /** Monotonic, like `untilMs`: when the state ends by itself at the latest. */
  readonly sinceMs: number | undefined;
  readonly untilMs: number | undefined;
  readonly missing: number;
  readonly online: number;
}

/** Hives that all beat at once leave a gap of one beat. */
const SILENT_BEATS = 1.5;
/** Hives that only answer probes leave a gap of one round. */
const SILENT_ROUNDS = 1.25;
/** A stall in which the process used the processor for so much of the time was of its own making. */
const OWN_SHARE = 0.5;
/** How exactly the processor time before a stall is known. */
const CPU_SAMPLE_MS = 250;
/** In so many stale ages one of grace, for such stalls. */
const WINDOW_AGES = 10;

interface Options {
  readonly settings: HoldSettings;
  readonly nowMs: number;
  /** Something happens at least this often, if only a tick. */
  readonly tickIntervalMs: number;
  /** The time between two beats of a hive. */
  readonly beatMs: number;
  /** Processor time that this process has used. */
  readonly cpuMs: () => number;
  /** False only in the simulation, which shows what each is worth. */
  readonly rules: { readonly grace: boolean; readonly guard: boolean };
}

/**
 * Whether the queen may trust what she sees of the fleet. No silence of a hive counts from when she could not hear: before her start, in a stall, while the machine
 * was suspended or the network lost. And while too many are missing at once, none is marked.
 */
export class OwnCondition {
  readonly #options: Options;
  readonly #hold: Hold;
  readonly #budget: GraceBudget;
  readonly #silenceMs: number;
  readonly #notices: Notice[] = [];
  #census: Census = { online: 0, missing: 0, networkLost: false };
  #cpu: { atMs: number; usedMs: number };
  #graceFromMs: number;
  #activeAtMs: number;
  #ticked: { atMs: number; uptimeMs: number } | undefined;
  #signAtMs: number;
  #failuresSinceSign = 0;
  #lostFromMs: number | undefined;

  constructor(options: Options) {
    const { beatMs, settings } = options;
    this.#options = options;
    this.#hold = new Hold(settings);
    this.#budget = new GraceBudget(settings.staleAfterMs);
    this.#silenceMs = Math.max(SILENT_BEATS * beatMs, SILENT_ROUNDS * settings.healthIntervalMs);
    this.#cpu = { atMs: options.nowMs, usedMs: options.cpuMs() };
    this.#graceFromMs = options.rules.grace ? options.nowMs : Number.NEGATIVE_INFINITY;
    this.#activeAtMs = options.nowMs;
    this.#signAtMs = options.nowMs;
  }

  /** No silence counts from before. */
  get graceFromMs(): number {
    return this.#graceFromMs;
  }

  /** Why no hive is marked offline for now; undefined when they are. */
  get held(): Held | undefined {
    return this.#hold.held;
  }

  /** Anything happens. If nothing did for long, not even a tick, the queen stood still. */
  wake(nowMs: number): void {
    const { tickIntervalMs, beatMs, cpuMs } = this.#options;
    const idleMs = nowMs - this.#activeAtMs;
    this.#activeAtMs = nowMs;
    const hasStalled = idleMs >= tickIntervalMs + beatMs;
    if (!hasStalled && nowMs - this.#cpu.atMs < CPU_SAMPLE_MS) return;
    const before = this.#cpu.usedMs;
    this.#cpu = { atMs: nowMs, usedMs: cpuMs() };
    if (hasStalled) this.#stalled(idleMs, this.#cpu.usedMs - before, nowMs);
  }

  /** Others may stop the queen for as long as they like; what callers make her do puts nothing off for long. */
  #stalled(forMs: number, busyMs: number, nowMs: number): void {
    const isOwn = busyMs >= OWN_SHARE * forMs;
    this.#notices.push({ kind: "stalled", forMs, busyMs: Math.round(busyMs), isOwn });
    this.#beginGrace(nowMs, isOwn ? this.#budget.graceFrom(this.#graceFromMs, nowMs) : nowMs);
  }

  /** A tick: while the machine was suspended its uptime went on, and monotonic time did not. */
  tick(nowMs: number, uptimeMs: number): void {
    this.wake(nowMs);
    const last = this.#ticked;
    this.#ticked = { atMs: nowMs, uptimeMs };
    const suspendedMs = last === undefined ? 0 : uptimeMs - last.uptimeMs - (nowMs - last.atMs);
    if (suspendedMs < this.#options.beatMs) return;
    this.#notices.push({ kind: "suspended", forMs: suspendedMs });
    this.#beginGrace(nowMs);
  }

  /** A hive showed that it is alive. */
  sign(nowMs: number): void {
    this.wake(nowMs);
    this.#signAtMs = nowMs;
    this.#failuresSinceSign = 0;
    if (this.#lostFromMs !== undefined) this.#networkIsBack(this.#lostFromMs, nowMs);
  }

  /** A probe of an online hive failed: what was silent before tells nothing of the network. */
  failed(): void {
    this.#failuresSinceSign += 1;
  }

  marked(nowMs: number): void {
    this.#hold.marked(nowMs);
  }

  /** Judges a look over the whole fleet: so many hives are online, so many of them on the way to be marked offline. */
  assess(online: number, missing: number, nowMs: number): void {
    this.#lookForNetwork(online, nowMs);
    this.#census = { online, missing, networkLost: this.#lostFromMs !== undefined };
    if (!this.#options.rules.guard) return;
    const was = this.held?.cause;
    const how = this.#hold.assess(this.#census, nowMs);
    if (how !== undefined) this.#notices.push({ kind: "resumed", how, missing, online });
    // What has not come back yet gets as long as what has.
    if (how === "returned") this.#beginGrace(nowMs);
    const cause = this.held?.cause;
    if (cause !== undefined && cause !== was) this.#notices.push({ kind: cause, missing, online });
  }

  /** An operator says that the missing hives are gone. Returns how many, or undefined when no mark is held back, or none is missing: a lost network is noticed before that, and a stall gives all of them time. */
  confirm(nowMs: number): { missing: number; online: number } | undefined {
    const { missing, online } = this.#census;
    if (missing === 0 || !this.#hold.confirm(nowMs)) return undefined;
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
    const sinceMs = this.#graceFromMs;
    const untilMs = sinceMs + this.#options.settings.staleAfterMs;
    if (nowMs < untilMs) return { state: "grace", sinceMs, untilMs, missing, online };
    return { state: "watching", sinceMs: undefined, untilMs: undefined, missing, online };
  }

  /** Looks whether anything at all came, `online` hives being online. */
  #lookForNetwork(online: number, nowMs: number): void {
    // Fewer silent hives than a mass failure needs may just as well be gone.
    const { massFailureMin: minHives } = this.#options.settings;
    const isSilent = nowMs - this.#signAtMs >= this.#silenceMs && this.#failuresSinceSign >= minHives;
    if (online >= minHives && isSilent) this.#lostFromMs ??= this.#signAtMs;
  }

  #beginGrace(nowMs: number, graceFromMs = nowMs): void {
    this.#signAtMs = nowMs;
    this.#failuresSinceSign = 0;
    if (this.#options.rules.grace) this.#graceFromMs = graceFromMs;
  }

  #networkIsBack(lostFromMs: number, nowMs: number): void {
    this.#lostFromMs = undefined;
    this.#notices.push({ kind: "network_back", forMs: nowMs - lostFromMs });
    // A network that comes and goes must not put off for ever what is really lost.
    if (this.#hold.isOpen(nowMs)) this.#beginGrace(nowMs);
    this.#hold.release();
  }
}

/**
 * How much grace the queen has for stalls of her own making: whoever can make her busy could otherwise keep every dead hive online for as
 * long as he goes on. Together it is at most one stale age in any ten.
 */
class GraceBudget {
  readonly #staleAfterMs: number;
  #granted: { readonly atMs: number; readonly forMs: number }[] = [];

  constructor(staleAfterMs: number) {
    this.#staleAfterMs = staleAfterMs;
  }

  /** From when on silence counts after such a stall, if it counted from `graceFromMs` on before. */
  graceFrom(graceFromMs: number, nowMs: number): number {
    const windowMs = WINDOW_AGES * this.#staleAfterMs;
    this.#granted = this.#granted.filter(({ atMs }) => nowMs - atMs < windowMs);
    const leftMs = this.#granted.reduce((left, { forMs }) => left - forMs, this.#staleAfterMs);
    // A longer silence is found already.
    const fromMs = Math.max(graceFromMs, nowMs - this.#staleAfterMs);
    const forMs = Math.max(0, Math.min(leftMs, nowMs - fromMs));
    if (forMs > 0) this.#granted.push({ atMs: nowMs, forMs });
    return fromMs + forMs;
  }
}
