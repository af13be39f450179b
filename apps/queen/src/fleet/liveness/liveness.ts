import type { HiveRecord, HiveStatus } from "@repo/hive-catalog";
import type { HoldSettings } from "./hold.ts";
import { isLost, isMissing, judge, mayBeLost, quietFromMs, type View } from "./judge.ts";
import { type Notice, OwnCondition } from "./own-condition.ts";
import { Pace } from "./pace.ts";
import { type FlapSettings, remember } from "./probation.ts";
import {
  type Address,
  heard,
  isAt,
  isFinding,
  learnBeat,
  moveTo,
  type NotBeating,
  type ProbeResult,
  type Sight,
  Sights,
  type Verdict,
  WHY_NOT_BEATING,
} from "./sight.ts";

export interface LivenessSettings extends HoldSettings, FlapSettings {}

/** Rules that the simulation switches off, one at a time, to show what each is worth. A queen has all of them. */
export interface LivenessRules {
  readonly corroboration: boolean;
  readonly grace: boolean;
  readonly guard: boolean;
}

interface LivenessOptions {
  readonly rules: LivenessRules;
  /** Processor time that this process has used. */
  readonly cpuMs: () => number;
  /** Told of each hive of which `takesWorkFromMs` may say something else than before. */
  readonly onWork: (id: string) => void;
  /** Why the beats of this hive are refused, as far as it is known. */
  readonly whyRefused: (id: string) => NotBeating | undefined;
}

/** What a record of the catalog says that matters here. */
type KnownHive = Pick<HiveRecord, "id" | "host" | "port" | "status" | "lastHeartbeatMs">;
/** Its status may be older than what is known of it. */
type ReadHive = Omit<KnownHive, "status"> & { readonly status: HiveStatus | undefined };

interface Tick {
  /** The hives to mark offline. Marks take time, so each is to be judged anew when its turn comes. */
  readonly lost: readonly Sight[];
  readonly notices: readonly Notice[];
}

/** Why a status is other than it was, where no rule made it so. */
export const BY_ANOTHER_PROGRAM = "it was changed in the catalog by another program";
export const OVER_THE_API = "it was set over the API";

const DEFAULTS: LivenessOptions = {
  rules: { corroboration: true, grace: true, guard: true },
  cpuMs: () => 0,
  onWork: () => undefined,
  whyRefused: () => undefined,
};
const TICKS_PER_INTERVAL = 4;
/** As a share of the stale age: a beat interval. */
const BEAT_SHARE = 1 / 4;
/** As a share of the stale age: how long a hive is silent before it counts as missing. Beats come closer together than the rest. */
const MISSING_SHARE = 2 / 3;
const PROBES_KEPT = 4;
/** Beats that a hive has missed when it is called away. */
const AWAY_BEATS = 2;

/** The time between two beats of a hive, as it is asked for. */
export const beatMsOf = ({ staleAfterMs }: Pick<LivenessSettings, "staleAfterMs">): number => staleAfterMs * BEAT_SHARE;

/**
 * Who is online: a state machine without input or output. It is told of beats, probes, records and the time, and says who is to be marked.
 * Every time is monotonic and handed in, but for the stored beats, which are compared and never trusted.
 */
export class Liveness {
  /** How often `tick` is to be called. */
  readonly tickIntervalMs: number;
  readonly beatMs: number;
  readonly settings: LivenessSettings;
  readonly sights = new Sights();
  readonly #options: LivenessOptions;
  /** How the queen herself is. */
  readonly condition: OwnCondition;
  readonly #pace: Pace;
  readonly #missingMs: number;
  readonly #probeGapMs: number;

  constructor(settings: LivenessSettings, nowMs: number, options: Partial<LivenessOptions> = {}) {
    const { staleAfterMs, healthIntervalMs } = settings;
    this.beatMs = beatMsOf(settings);
    this.tickIntervalMs = Math.max(1, Math.min(healthIntervalMs, staleAfterMs) / TICKS_PER_INTERVAL);
    this.settings = settings;
    this.#options = { ...DEFAULTS, ...options };
    const { tickIntervalMs, beatMs } = this;
    this.condition = new OwnCondition({ ...this.#options, settings, nowMs, tickIntervalMs, beatMs });
    this.#pace = new Pace(beatMs);
    this.#missingMs = staleAfterMs * MISSING_SHARE;
    this.#probeGapMs = healthIntervalMs / 2;
  }

  /**
   * Takes over what the catalog says. `readAtMs` is the time just before it was read; `wallNowMs` dates the stored beat of a hive that was never
   * seen before, and nothing else.
   */
  learn(record: ReadHive, readAtMs: number, nowMs: number, wallNowMs: number): Sight {
    const sight = this.sights.see(record.id);
    // Of two readings the earlier one says nothing new.
    if (readAtMs < sight.readAtMs) return sight;
    sight.damaged = false;
    const { status } = record;
    if (status !== undefined && sight.statusChangedAtMs <= readAtMs) {
      const was = sight.status;
      sight.status = status;
      if (was !== undefined && was !== status) {
        const verdict = { status, rule: "another_program", why: BY_ANOTHER_PROGRAM } as const;
        remember(sight, { ...verdict, was, atMs: nowMs }, this.settings);
      }
      if (was !== status) this.#options.onWork(record.id);
    }
    const isHeard = learnBeat(sight, record.lastHeartbeatMs, readAtMs, nowMs, wallNowMs);
    if (isHeard) this.condition.sign(nowMs);
    if (!isAt(sight, record)) moveTo(sight, record);
    return sight;
  }

  /** Notes a hive whose record cannot be read. */
  learnDamaged(id: string): void {
    this.sights.see(id).damaged = true;
  }

  /** An operator wrote this record. Its status holds until the next sign of life, or until the hive was silent for a stale age from now on. */
  setByOperator(record: KnownHive, nowMs: number, wallNowMs: number, why = OVER_THE_API): void {
    const was = this.sights.get(record.id)?.status;
    const sight = this.sights.see(record.id);
    sight.status = record.status;
    sight.statusChangedAtMs = nowMs;
    this.learn(record, nowMs, nowMs, wallNowMs);
    if (was === record.status) return;
    this.#options.onWork(record.id);
    sight.setByOperator = record.status !== "unknown";
    sight.setAtMs = nowMs;
    if (was === undefined) return;
    const verdict = { status: record.status, rule: "set_by_operator", why } as const;
    remember(sight, { ...verdict, was, atMs: nowMs }, this.settings);
  }

  /** A beat that this queen took and stored as `heartbeatMs`, which took her `tookMs`. Answers whether it is worth a health check at once: of a hive that was away, whose last ones failed. */
  beat(sight: Sight, heartbeatMs: number, nowMs: number, tookMs: number): boolean {
    const { beatAtMs = Number.NEGATIVE_INFINITY, unreachableSinceMs } = sight;
    const isBack = unreachableSinceMs !== undefined && nowMs - beatAtMs > AWAY_BEATS * this.beatMs;
    sight.heartbeatMs = heartbeatMs;
    this.#pace.stored(tookMs);
    this.#hear(sight, nowMs);
    return isBack;
  }

  /** A beat that came but could not be stored: the hive is alive all the same. Returns whether it is known. */
  heard(id: string, nowMs: number): boolean {
    const sight = this.sights.get(id);
    if (sight !== undefined) this.#hear(sight, nowMs);
    return sight !== undefined;
  }

  /** What a probe showed; false when the hive has moved to another address meanwhile. */
  probed(sight: Sight, address: Address, result: ProbeResult): boolean {
    if (!isAt(sight, address)) return false;
    this.condition.wake(result.endedAtMs);
    sight.probes = [...sight.probes, result].slice(-PROBES_KEPT);
    if (!isFinding(result.outcome)) return true;
    sight.probe = result.outcome;
    if (result.outcome !== "failed") sight.unreachableSinceMs = undefined;
    if (result.outcome === "answered") {
      sight.answeredAtMs = result.endedAtMs;
      sight.saysId ||= result.saysId === true;
      sight.setByOperator = false;
      sight.failedFromMs = Number.NEGATIVE_INFINITY;
      this.condition.sign(result.endedAtMs);
    } else this.#failed(sight, result);
    return true;
  }

  /** The status is not sure while a write of it is under way. */
  unsure(sight: Sight, nowMs: number): void {
    sight.status = undefined;
    sight.statusChangedAtMs = nowMs;
    this.#options.onWork(sight.id);
  }

  /** The queen wrote what `verdict` says. */
  changed(sight: Sight, was: HiveStatus, verdict: Verdict, nowMs: number): void {
    this.condition.wake(nowMs);
    sight.status = verdict.status;
    sight.statusChangedAtMs = nowMs;
    remember(sight, { ...verdict, was, atMs: nowMs }, this.settings);
    this.#options.onWork(sight.id);
  }

  /** The same for a mark, whose answer takes its time; false when the hive has been set otherwise meanwhile. */
  markedOffline(sight: Sight, was: HiveStatus, verdict: Verdict, nowMs: number): boolean {
    this.condition.marked(nowMs);
    if (sight.status !== undefined && sight.status !== "offline") return false;
    this.changed(sight, was, verdict, nowMs);
    return true;
  }

  /** To be called every `tickIntervalMs`. `uptimeMs` goes on while the machine is suspended, unlike monotonic time. */
  tick(nowMs: number, uptimeMs: number): Tick {
    this.condition.tick(nowMs, uptimeMs);
    const view = this.#view(nowMs);
    const lost: Sight[] = [];
    let online = 0;
    let missing = 0;
    for (const sight of this.sights.values()) {
      if (sight.damaged || !mayBeLost(sight, sight.status)) continue;
      const isOnline = sight.status === "online";
      if (isOnline) online += 1;
      // Most hives, at one look instead of several.
      if (sight.beatLateMs === 0 && sight.beatAtMs !== undefined && nowMs - sight.beatAtMs < this.#missingMs) continue;
      if (!isMissing(sight, view, this.#missingMs)) continue;
      if (isOnline) missing += 1;
      if (isLost(sight, view)) lost.push(sight);
    }
    this.condition.assess(online, missing, nowMs);
    return { lost: this.condition.held ? [] : lost, notices: this.condition.takeNotices() };
  }

  judge(sight: Sight, status: HiveStatus, nowMs: number): Verdict {
    const verdict = judge(sight, status, this.#view(nowMs));
    const notBeating = verdict.rule === "answers_probes" ? this.notBeating(sight, nowMs) : null;
    if (notBeating !== null) {
      return { ...verdict, why: `${verdict.why}, but its heartbeats do not arrive: ${WHY_NOT_BEATING[notBeating]}` };
    }
    const held = this.condition.held;
    if (held === undefined || verdict.status !== "offline" || status === "offline") return verdict;
    return {
      status,
      rule: held.cause,
      why: `${verdict.why}, but so many are missing that none is marked offline for now`,
    };
  }

  /** Why the beats of an online hive do not arrive; null while they do, and until the queen has listened long enough to say so. */
  notBeating(sight: Readonly<Sight>, nowMs: number): NotBeating | null {
    const { status, probe } = sight;
    if (status !== "online" || probe !== "answered") return null;
    if (this.countedSilenceMs(sight, nowMs) < this.settings.staleAfterMs) return null;
    return this.#options.whyRefused(sight.id) ?? "not_known";
  }

  /** From when on new work may go to that hive, as things stand; Infinity of one that is not online. */
  takesWorkFromMs(id: string): number {
    const sight = this.sights.get(id);
    if (sight?.status !== "online") return Number.POSITIVE_INFINITY;
    return sight.probation?.untilMs ?? Number.NEGATIVE_INFINITY;
  }

  /** In how many milliseconds the hive may beat next. */
  nextBeatMs(sight: Sight, nowMs: number): number {
    return this.#pace.nextBeatMs(sight.ordinal, sight.probe === "answered", nowMs);
  }

  /** How old the silence of a hive is as far as it counts: from its last sign of life, or from when the queen began to listen again. */
  countedSilenceMs(sight: Readonly<Sight>, nowMs: number): number {
    return nowMs - quietFromMs(sight, this.condition.graceFromMs);
  }

  #view(nowMs: number): View {
    return {
      nowMs,
      graceFromMs: this.condition.graceFromMs,
      staleAfterMs: this.settings.staleAfterMs,
      probeGapMs: this.#probeGapMs,
      corroborate: this.#options.rules.corroboration,
    };
  }

  #hear(sight: Sight, nowMs: number): void {
    this.condition.sign(nowMs);
    heard(sight, nowMs);
    sight.setByOperator = false;
  }

  #failed(sight: Sight, { outcome, startedAtMs, endedAtMs }: ProbeResult): void {
    // Of a host that the queen may not contact nothing can be said but that she got no answer.
    if (outcome === "failed") {
      if (sight.status === "online") this.condition.failed();
      sight.unreachableSinceMs ??= endedAtMs;
    }
    const fromMs = quietFromMs(sight, this.condition.graceFromMs);
    if (startedAtMs < fromMs) return;
    if (sight.failedFromMs < fromMs) sight.failedFromMs = startedAtMs;
    sight.failedAtMs = startedAtMs;
  }
}
